// Batches and the record of labels through the TypeScript SDK; polling webhooks are not in its release.
import assert from "node:assert/strict";
import { test } from "node:test";
import { AgentMail } from "agentmail";
import { client, deliver } from "../world.mjs";

const options = { timeout: 60_000 };

async function inboxWith(...subjects) {
  const { inboxId } = await client.inboxes.create();
  for (const subject of subjects) await deliver({ to: inboxId, subject, text: `About ${subject}.` });
  const { messages } = await client.inboxes.messages.list(inboxId, { ascending: true });
  return [inboxId, messages.map((message) => message.messageId)];
}

test("a batch comes in the order asked, without bodies", options, async () => {
  const [inboxId, [first, , third]] = await inboxWith("One", "Two", "Three");
  const batch = await client.inboxes.messages.batchGet(inboxId, { messageIds: [third, "<ghost@x.example>", first] });
  assert.deepEqual([batch.limit, batch.count], [3, 2]);
  assert.deepEqual(batch.messages.map((message) => message.messageId), [third, first]);
  assert.equal(batch.messages[1].subject, "One");
  assert.equal(batch.messages[1].headers.Subject, "One");
  assert.equal(batch.messages[1].text, undefined);
  await assert.rejects(client.inboxes.messages.batchGet(inboxId, { messageIds: [] }), AgentMail.ValidationError);
});

test("one change of labels for several messages is in the record of the inbox", options, async () => {
  const [inboxId, [first, second]] = await inboxWith("One", "Two");
  const changed = await client.inboxes.messages.batchUpdate(inboxId, {
    messageIds: [second, "<ghost@x.example>", first], addLabels: ["done"], removeLabels: "unread" });
  assert.deepEqual([changed.limit, changed.count], [3, 2]);
  assert.deepEqual(changed.updates.map(({ messageId, labels }) => [messageId, labels]), [
    [second, ["done", "received"]], [first, ["done", "received"]]]);
  const page = await client.inboxes.events.list(inboxId, { limit: 3 });
  const rest = await client.inboxes.events.list(inboxId, { limit: 3, pageToken: page.nextPageToken });
  const events = [...page.events, ...rest.events];
  assert.deepEqual(events.map((event) => [event.eventType, event.label, event.messageId]), [
    ["label.removed", "unread", first], ["label.added", "done", first],
    ["label.removed", "unread", second], ["label.added", "done", second]]);
  assert.ok(events.every((event) => event.inboxId === inboxId && event.eventAt instanceof Date));
  assert.equal(rest.nextPageToken, undefined);
});
