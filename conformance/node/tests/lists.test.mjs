// Allow and block lists through the TypeScript SDK: every method at every scope, and what they do to mail.
import assert from "node:assert/strict";
import { test } from "node:test";
import { AgentMail, AgentMailError } from "agentmail";
import { client, deliver, subscribed, unique } from "../world.mjs";

const options = { timeout: 60_000 };

async function refused(call) {
  try {
    await call;
  } catch (error) {
    return error;
  }
  return assert.fail("the call was not refused");
}

const scopes = {
  organization: () => [client.lists, [], {}],
  pod: (inbox) => [client.pods.lists, [inbox.podId], { podId: inbox.podId }],
  inbox: (inbox) => [client.inboxes.lists, [inbox.inboxId], { podId: inbox.podId, inboxId: inbox.inboxId }],
};

for (const [name, of] of Object.entries(scopes)) {
  test(`lists of ${name}: create, get, list, delete`, options, async () => {
    const inbox = await client.inboxes.create();
    const [lists, scope, place] = of(inbox);
    const address = `${unique()}@listed.example`;
    const made = await lists.create(...scope, "receive", "block", { entry: address.toUpperCase(), reason: "a test" });
    assert.equal(made.entry, address);
    assert.deepEqual([made.direction, made.listType, made.entryType], ["receive", "block", "email"]);
    assert.equal(made.reason, "a test");
    assert.equal(made.readOnly, false);
    assert.ok(made.createdAt instanceof Date && made.organizationId);
    assert.deepEqual([made.podId, made.inboxId], [place.podId, place.inboxId]);
    assert.deepEqual(await lists.create(...scope, "receive", "block", { entry: address }), made);
    assert.deepEqual(await lists.get(...scope, "receive", "block", address), made);
    const listed = await lists.list(...scope, "receive", "block", { limit: 100 });
    assert.equal(listed.limit, 100);
    assert.equal(listed.count, listed.entries.length);
    assert.ok(listed.entries.some((entry) => entry.entry === address));
    const opposite = await refused(lists.create(...scope, "receive", "allow", { entry: address }));
    assert.ok(opposite instanceof AgentMailError);
    assert.equal(opposite.statusCode, 409);
    assert.equal(opposite.body.code, "conflict");
    await lists.delete(...scope, "receive", "block", address);
    assert.ok((await refused(lists.get(...scope, "receive", "block", address))) instanceof AgentMail.NotFoundError);
    assert.ok((await refused(lists.delete(...scope, "receive", "block", address))) instanceof AgentMail.NotFoundError);
    assert.ok((await refused(lists.create(...scope, "receive", "block", { entry: "@" }))) instanceof AgentMail.ValidationError);
  });
}

test("lists act on mail both ways", options, async () => {
  const inbox = await client.inboxes.create();
  await client.inboxes.lists.create(inbox.inboxId, "send", "block", { entry: "*.blocked.example" });
  const rejected = await refused(client.inboxes.messages.send(inbox.inboxId, { to: "x@mail.blocked.example", text: "x" }));
  assert.ok(rejected instanceof AgentMail.MessageRejectedError);
  assert.equal(rejected.statusCode, 403);
  await client.inboxes.lists.create(inbox.inboxId, "receive", "block", { entry: "ada@customer.example" });
  const socket = await subscribed({ inboxIds: [inbox.inboxId], eventTypes: ["message.received.blocked"] });
  await deliver({ to: inbox.inboxId, subject: "Unwanted", text: "x" });
  const event = await socket.next();
  socket.close();
  assert.equal(event.eventType, "message.received.blocked");
  assert.equal((await client.inboxes.messages.list(inbox.inboxId)).count, 0);
  const hidden = await client.inboxes.messages.list(inbox.inboxId, { includeBlocked: true });
  assert.deepEqual(hidden.messages.map((message) => message.subject), ["Unwanted"]);
});
