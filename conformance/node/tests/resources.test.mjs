// Attachments, inboxes, threads, keys and errors through the TypeScript SDK.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import { AgentMail, AgentMailError } from "agentmail";
import { client, connect, deliver, download, headersOf, rawOf, subscribed, unique } from "../world.mjs";

const options = { timeout: 60_000 };
const digest = (bytes) => createHash("sha256").update(bytes).digest("hex");

async function refused(call) {
  try {
    await call;
  } catch (error) {
    return error;
  }
  return assert.fail("the call was not refused");
}

test("attachments are the same bytes both ways", options, async () => {
  const inbox = await client.inboxes.create();
  const bytes = Buffer.concat([randomBytes(100_000), Buffer.from("\r\n.\r\n\0\r\xff", "latin1")]);
  await deliver({ to: inbox.inboxId, subject: "In", text: "x", attachments: [{ filename: "größe.bin", content: bytes }] });
  const [received] = (await client.inboxes.messages.list(inbox.inboxId)).messages;
  assert.equal(received.attachments[0].filename, "größe.bin");
  assert.equal(received.attachments[0].size, bytes.length);
  const incoming = await client.inboxes.messages.getAttachment(inbox.inboxId, received.messageId, received.attachments[0].attachmentId);
  assert.ok(incoming.expiresAt > new Date());
  assert.equal(digest(await download(incoming.downloadUrl)), digest(bytes));

  const sent = await client.inboxes.messages.send(inbox.inboxId, {
    to: "ada@customer.example", subject: "Out", html: '<img src="cid:pic">',
    attachments: [{ filename: "pic.png", contentType: "image/png", contentDisposition: "inline", contentId: "pic", content: bytes.toString("base64") }],
  });
  const message = await client.inboxes.messages.get(inbox.inboxId, sent.messageId);
  assert.equal(message.attachments[0].contentId, "pic");
  const outgoing = await client.inboxes.messages.getAttachment(inbox.inboxId, sent.messageId, message.attachments[0].attachmentId);
  assert.equal(digest(await download(outgoing.downloadUrl)), digest(bytes));
  const forged = await fetch(outgoing.downloadUrl.replace(/.(.)$/, (end) => (end === "AA" ? "BB" : "AA")));
  assert.ok(forged.status >= 400 && forged.status < 500);
});

test("forward and reply-all reach whom they should", options, async () => {
  const inbox = await client.inboxes.create();
  await deliver({ to: [inbox.inboxId, "boss@customer.example"], cc: "team@customer.example", subject: "Plan", text: "Look",
    envelope: { from: "ada@customer.example", to: [inbox.inboxId] }, attachments: [{ filename: "plan.txt", content: "plan" }] });
  const [item] = (await client.inboxes.messages.list(inbox.inboxId)).messages;
  const all = await client.inboxes.messages.replyAll(inbox.inboxId, item.messageId, { text: "Fine" });
  let headers = headersOf(await rawOf(inbox.inboxId, all.messageId));
  assert.match(headers.to, /ada@customer\.example.*boss@customer\.example/);
  assert.ok(!headers.to.includes(inbox.inboxId));
  assert.match(headers.cc, /team@customer\.example/);
  const forwarded = await client.inboxes.messages.forward(inbox.inboxId, item.messageId, { to: "legal@partner.example" });
  assert.equal(forwarded.threadId, item.threadId);
  headers = headersOf(await rawOf(inbox.inboxId, forwarded.messageId));
  assert.equal(headers.subject, "Fwd: Plan");
  const message = await client.inboxes.messages.get(inbox.inboxId, forwarded.messageId);
  assert.deepEqual(message.attachments.map((attachment) => attachment.filename), ["plan.txt"]);
});

test("inboxes: once by client id, taken names, update, delete", options, async () => {
  const name = unique();
  const first = await client.inboxes.create({ username: name, clientId: name, metadata: { team: "a", tier: 1 } });
  const again = await client.inboxes.create({ clientId: name });
  assert.equal(again.inboxId, first.inboxId);
  const taken = await refused(client.inboxes.create({ username: name }));
  assert.ok(taken instanceof AgentMailError);
  assert.equal(taken.statusCode, 403);
  assert.equal(taken.body.name, "IsTakenError");
  assert.ok(taken.body.suggestions.length >= 1);
  const updated = await client.inboxes.update(first.inboxId, { displayName: "Desk", metadata: { tier: null } });
  assert.equal(updated.displayName, "Desk");
  assert.deepEqual(updated.metadata, { team: "a" });
  await client.inboxes.delete(first.inboxId);
  assert.ok((await refused(client.inboxes.get(first.inboxId))) instanceof AgentMail.NotFoundError);
});

test("labels and threads: update, hide, delete, page", options, async () => {
  const inbox = await client.inboxes.create();
  for (let number = 0; number < 5; number += 1) await deliver({ to: inbox.inboxId, subject: `No ${number}`, text: "x" });
  const all = await client.inboxes.messages.list(inbox.inboxId, { ascending: true });
  assert.deepEqual(all.messages.map((message) => message.subject), ["No 0", "No 1", "No 2", "No 3", "No 4"]);
  const [target] = all.messages;
  const updated = await client.inboxes.messages.update(inbox.inboxId, target.messageId, { addLabels: ["trash", "Done"], removeLabels: "unread" });
  assert.ok(updated.labels.includes("done") && !updated.labels.includes("unread"));
  assert.equal((await client.inboxes.messages.list(inbox.inboxId)).count, 4);
  assert.equal((await client.inboxes.messages.list(inbox.inboxId, { includeTrash: true })).count, 5);
  const after = all.messages[2].timestamp;
  assert.equal((await client.inboxes.messages.list(inbox.inboxId, { after, includeTrash: true })).count,
    all.messages.filter((message) => message.timestamp >= after).length);
  assert.equal((await client.inboxes.messages.list(inbox.inboxId, { subject: ["no 3"] })).count, 1);
  await client.threads.update(target.threadId, { addLabels: ["vip"] });
  assert.ok((await client.inboxes.threads.get(inbox.inboxId, target.threadId)).labels.includes("vip"));
  await client.inboxes.threads.delete(inbox.inboxId, target.threadId);
  assert.ok((await refused(client.threads.get(target.threadId))) instanceof AgentMail.NotFoundError);
});

test("message ids with slashes and plus signs are found", options, async () => {
  const inbox = await client.inboxes.create();
  const messageId = "<a/b+c=d/raw@ids.example>";
  await deliver({ to: inbox.inboxId, subject: "Odd id", text: "x", messageId });
  assert.equal((await client.inboxes.messages.get(inbox.inboxId, messageId)).messageId, messageId);
  const reply = await client.inboxes.messages.reply(inbox.inboxId, messageId, { text: "Got it" });
  assert.equal(headersOf(await rawOf(inbox.inboxId, reply.messageId))["in-reply-to"], messageId);
});

test("keys: made, used, revoked, refused", options, async () => {
  const me = await client.auth.me();
  assert.equal(me.scopeType, "organization");
  assert.equal((await client.organizations.get()).organizationId, me.organizationId);
  const made = await client.apiKeys.create({ name: unique() });
  assert.ok(made.apiKey.startsWith(made.prefix));
  const agent = connect(made.apiKey);
  const inbox = await agent.inboxes.create();
  assert.ok((await client.apiKeys.list({ limit: 100 })).apiKeys.some((key) => key.apiKeyId === made.apiKeyId));
  await client.apiKeys.delete(made.apiKeyId);
  const error = await refused(agent.inboxes.get(inbox.inboxId));
  assert.equal(error.statusCode, 401);
  assert.equal(error.body.code, "unknown_api_key");
});

test("errors are typed and say what to do", options, async () => {
  const inbox = await client.inboxes.create();
  const empty = await refused(client.inboxes.messages.send(inbox.inboxId, { subject: "x", text: "x" }));
  assert.ok(empty instanceof AgentMail.ValidationError);
  assert.ok(empty.body.fix);
  const missing = await refused(client.inboxes.messages.get(inbox.inboxId, "<no@such>"));
  assert.ok(missing instanceof AgentMail.NotFoundError);
  assert.equal(missing.body.message, "Message not found");
});

test("a subscription to an inbox that is not there is an error frame", options, async () => {
  await assert.rejects(subscribed({ inboxIds: ["nobody@nowhere.example"] }), /"type":"error".*"not_found"/);
});
