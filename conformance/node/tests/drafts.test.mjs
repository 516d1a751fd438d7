// Drafts, schedules and idempotent sends through the TypeScript SDK.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { AgentMail } from "agentmail";
import { client, deliver, download, unique } from "../world.mjs";

const options = { timeout: 60_000 };

async function eventually(probe) {
  for (let asked = 0; asked < 400; asked += 1) {
    const found = await probe();
    if (found) return found;
    await new Promise((done) => setTimeout(done, 50));
  }
  return assert.fail("it did not happen");
}

test("a draft is created, read at every level, changed, listed and sent", options, async () => {
  const inbox = await client.inboxes.create();
  const word = unique();
  const made = await client.inboxes.drafts.create(inbox.inboxId, {
    to: ["Ada <ada@customer.example>"], cc: ["cc@customer.example"], subject: word, text: "First.", labels: [word], clientId: word });
  assert.deepEqual([...made.labels].sort(), ["draft", word].sort());
  assert.equal(made.clientId, word);
  assert.ok(made.createdAt instanceof Date);
  assert.equal(made.sendAt, undefined);
  for (const read of [
    client.inboxes.drafts.get(inbox.inboxId, made.draftId), client.drafts.get(made.draftId),
    client.pods.drafts.get(inbox.podId, made.draftId), client.inboxes.drafts.create(inbox.inboxId, { clientId: word }),
  ]) assert.deepEqual(await read, made);

  const changed = await client.inboxes.drafts.update(inbox.inboxId, made.draftId, { text: "Second.", cc: null, subject: null, addLabels: ["urgent"] });
  assert.deepEqual([changed.text, changed.cc, changed.subject], ["Second.", undefined, undefined]);
  assert.deepEqual(changed.to, made.to);
  for (const list of [
    client.inboxes.drafts.list(inbox.inboxId), client.drafts.list({ labels: [word] }), client.pods.drafts.list(inbox.podId, { labels: [word] }),
  ]) {
    const { drafts, count } = await list;
    assert.equal(count, 1);
    assert.equal(drafts[0].draftId, made.draftId);
    assert.equal(drafts[0].preview, "Second.");
  }
  const sent = await client.inboxes.drafts.send(inbox.inboxId, made.draftId, { addLabels: "by-hand" });
  const message = await client.inboxes.messages.get(inbox.inboxId, sent.messageId);
  assert.equal(message.text.trim(), "Second.");
  assert.ok(message.labels.includes("by-hand") && message.labels.includes(word) && !message.labels.includes("draft"));
  await assert.rejects(client.inboxes.drafts.get(inbox.inboxId, made.draftId), AgentMail.NotFoundError);

  const thrown = await client.inboxes.drafts.create(inbox.inboxId, {});
  await client.inboxes.drafts.delete(inbox.inboxId, thrown.draftId);
  await assert.rejects(client.drafts.get(thrown.draftId), AgentMail.NotFoundError);
});

test("attachments of drafts", options, async () => {
  const inbox = await client.inboxes.create();
  const bytes = randomBytes(50_000);
  const made = await client.inboxes.drafts.create(inbox.inboxId, { attachments: [{ filename: "a.bin", content: bytes.toString("base64") }] });
  const [{ attachmentId, size }] = made.attachments;
  assert.equal(size, bytes.length);
  for (const found of [
    client.inboxes.drafts.getAttachment(inbox.inboxId, made.draftId, attachmentId),
    client.drafts.getAttachment(made.draftId, attachmentId), client.pods.drafts.getAttachment(inbox.podId, made.draftId, attachmentId),
  ]) assert.deepEqual(await download((await found).downloadUrl), bytes);
  const changed = await client.inboxes.drafts.update(inbox.inboxId, made.draftId, { removeAttachments: [attachmentId] });
  assert.equal(changed.attachments, undefined);
});

test("answers and forwards as drafts", options, async () => {
  const inbox = await client.inboxes.create();
  await deliver({ to: inbox.inboxId, cc: "boss@customer.example", subject: "Question", text: "When?" });
  const question = await eventually(async () => (await client.inboxes.messages.list(inbox.inboxId)).messages[0]);
  const reply = await client.inboxes.drafts.create(inbox.inboxId, { inReplyTo: question.messageId, replyAll: true, text: "Now." });
  assert.equal(reply.subject, "Re: Question");
  assert.deepEqual(reply.cc, ["boss@customer.example"]);
  assert.deepEqual(reply.references, [question.messageId]);
  const forward = await client.inboxes.drafts.create(inbox.inboxId, { forwardOf: question.messageId, to: ["grace@partner.example"] });
  assert.equal(forward.forwardOf, question.messageId);
  for (const draft of [reply, forward]) {
    const sent = await client.inboxes.drafts.send(inbox.inboxId, draft.draftId, {});
    assert.equal(sent.threadId, question.threadId);
  }
});

test("a schedule is set, taken back and kept", options, async () => {
  const inbox = await client.inboxes.create();
  const far = new Date("2100-01-01T00:00:00Z");
  const made = await client.inboxes.drafts.create(inbox.inboxId, { to: ["ada@customer.example"], subject: "x", sendAt: far });
  assert.equal(made.sendStatus, "scheduled");
  assert.deepEqual(made.sendAt, far);
  const free = await client.inboxes.drafts.update(inbox.inboxId, made.draftId, { sendAt: null });
  assert.deepEqual([free.sendStatus, free.sendAt], [undefined, undefined]);
  await client.inboxes.drafts.update(inbox.inboxId, made.draftId, { sendAt: new Date(Date.now() + 500) });
  const sent = await eventually(async () => (await client.inboxes.messages.list(inbox.inboxId, { labels: ["sent"] })).messages[0]);
  assert.equal(sent.subject, "x");
});

test("a repeated send is answered as the first time", options, async () => {
  const inbox = await client.inboxes.create();
  const once = { idempotencyKey: unique() };
  const letter = { to: "ada@customer.example", text: "x" };
  const first = await client.inboxes.messages.send(inbox.inboxId, letter, once);
  assert.deepEqual(await client.inboxes.messages.send(inbox.inboxId, letter, once), first);
  assert.equal((await client.inboxes.messages.list(inbox.inboxId)).count, 1);
  await assert.rejects(
    client.inboxes.messages.send(inbox.inboxId, { ...letter, text: "y" }, once),
    (error) => error instanceof AgentMail.ConflictError && error.body.code === "conflict");
  const draft = await client.inboxes.drafts.create(inbox.inboxId, { to: ["ada@customer.example"] });
  const again = { idempotencyKey: unique() };
  const sent = await client.inboxes.drafts.send(inbox.inboxId, draft.draftId, {}, again);
  assert.deepEqual(await client.inboxes.drafts.send(inbox.inboxId, draft.draftId, {}, again), sent);
});
