// The same things asked for at the level of the organization and of the inbox, and what the other files do not call.
import assert from "node:assert/strict";
import { test } from "node:test";
import { AgentMail } from "agentmail";
import { client, connect, deliver, download, unique } from "../world.mjs";

const options = { timeout: 60_000 };

async function refused(call) {
  return call.then(() => assert.fail("the call was not refused"), (error) => error);
}

/** An inbox with one mail that carries a file. */
async function received() {
  const inbox = await client.inboxes.create();
  await deliver({
    to: inbox.inboxId, subject: "Report", text: "Attached.", attachments: [{ filename: "a.csv", content: "1,2\n" }],
  });
  const { messages: [item] } = await client.inboxes.messages.list(inbox.inboxId);
  return { inbox, item };
}

test("inboxes are listed and read", options, async () => {
  const made = await client.inboxes.create({ displayName: "Desk" });
  const inbox = await client.inboxes.get(made.inboxId);
  assert.deepEqual([inbox.inboxId, inbox.displayName, inbox.podId], [made.inboxId, "Desk", made.podId]);
  const page = await client.inboxes.list({ limit: 100 });
  assert.equal(page.count, page.inboxes.length);
  assert.ok(page.inboxes.some((each) => each.inboxId === made.inboxId && each.createdAt instanceof Date));
});

test("threads are listed, their files read, labelled and deleted on both levels", options, async () => {
  const { inbox, item } = await received();
  const listed = await client.threads.list({ limit: 100 });
  assert.ok(listed.threads.some((thread) => thread.threadId === item.threadId && thread.inboxId === inbox.inboxId));
  const { attachmentId } = item.attachments[0];
  for (const link of [
    await client.threads.getAttachment(item.threadId, attachmentId),
    await client.inboxes.threads.getAttachment(inbox.inboxId, item.threadId, attachmentId),
  ]) {
    assert.equal(link.filename, "a.csv");
    assert.equal((await download(link.downloadUrl)).toString(), "1,2\n");
  }
  const changed = await client.inboxes.threads.update(inbox.inboxId, item.threadId, {
    addLabels: ["done"], removeLabels: ["unread"],
  });
  assert.equal(changed.threadId, item.threadId);
  assert.ok(changed.labels.includes("done") && !changed.labels.includes("unread"));
  await client.threads.delete(item.threadId);
  assert.ok((await refused(client.threads.get(item.threadId))) instanceof AgentMail.NotFoundError);
});

test("a deleted message is gone", options, async () => {
  const { inbox, item } = await received();
  await client.inboxes.messages.delete(inbox.inboxId, item.messageId);
  const error = await refused(client.inboxes.messages.get(inbox.inboxId, item.messageId));
  assert.ok(error instanceof AgentMail.NotFoundError);
  assert.equal((await client.inboxes.messages.list(inbox.inboxId)).count, 0);
});

test("keys are read, renamed and restricted on both levels", options, async () => {
  const inbox = await client.inboxes.create();
  const made = await client.apiKeys.create({ name: unique() });
  const renamed = await client.apiKeys.update(made.apiKeyId, { name: "renamed", permissions: { inboxRead: true } });
  assert.equal(renamed.name, "renamed");
  const read = await client.apiKeys.get(made.apiKeyId);
  assert.deepEqual([read.apiKeyId, read.name, read.permissions.inboxRead], [made.apiKeyId, "renamed", true]);
  assert.equal((await refused(connect(made.apiKey).inboxes.create())).statusCode, 403);
  await client.apiKeys.delete(made.apiKeyId);

  const own = await client.inboxes.apiKeys.create(inbox.inboxId, { name: unique() });
  assert.equal(own.inboxId, inbox.inboxId);
  assert.equal((await connect(own.apiKey).auth.me()).scopeId, inbox.inboxId);
  assert.equal((await client.inboxes.apiKeys.update(inbox.inboxId, own.apiKeyId, { name: "desk" })).name, "desk");
  const { apiKeys } = await client.inboxes.apiKeys.list(inbox.inboxId);
  assert.deepEqual(apiKeys.map((key) => [key.apiKeyId, key.name]), [[own.apiKeyId, "desk"]]);
  await client.inboxes.apiKeys.delete(inbox.inboxId, own.apiKeyId);
  assert.equal((await refused(connect(own.apiKey).auth.me())).statusCode, 401);
});
