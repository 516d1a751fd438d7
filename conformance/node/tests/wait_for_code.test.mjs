// Codes and links, and waiting for them: beyond the SDK, so through fetch beside it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { apiKey, client, deliver, subscribed, url } from "../world.mjs";

const options = { timeout: 120_000 };

async function get(path, params = {}) {
  const answer = await fetch(`${url}${path}?${new URLSearchParams(params)}`, { headers: { Authorization: `Bearer ${apiKey}` } });
  assert.equal(answer.status, 200, await answer.clone().text());
  return answer.json();
}

test("the SDK reads messages that carry codes, and the codes are told verbatim", options, async () => {
  const { inboxId } = await client.inboxes.create();
  const socket = await subscribed({ inboxIds: [inboxId], eventTypes: ["message.received"] });
  await deliver({ to: inboxId, subject: "Your code", text: "Your verification code is 482913. It expires in 10 minutes." });
  const { message } = await socket.next();
  socket.close();
  const told = await get(`/v0/inboxes/${inboxId}/messages/${encodeURIComponent(message.messageId)}/codes`);
  assert.equal(told.code.value, "482913");
  assert.equal(told.sender_proven, true);
  assert.ok(new Date(told.expires_at) > new Date(told.timestamp));
  const stored = await client.inboxes.messages.get(inboxId, message.messageId);
  assert.equal(stored.subject, "Your code");
  assert.match(stored.extractedText, /482913/);
});

test("one request waits for the code, and claims keep waiters apart", options, async () => {
  const { inboxId } = await client.inboxes.create();
  const wait = () => get(`/v0/inboxes/${inboxId}/wait`, { has_code: true, claim: true, timeout: 90 });
  const waiting = [wait(), wait(), wait()];
  await deliver({ to: inboxId, subject: "Hello", text: "No code in here." });
  const codes = ["110022", "220033", "330044"];
  for (const code of codes) await deliver({ to: inboxId, subject: "Code", text: `Your login code is ${code}.` });
  const answers = await Promise.all(waiting);
  assert.deepEqual(answers.map((answer) => answer.codes.code.value).sort(), codes);
  assert.ok(answers.every((answer) => answer.claimed && !answer.timed_out));
  const none = await get(`/v0/inboxes/${inboxId}/wait`, { claim: true, has_code: true, timeout: 0 });
  assert.equal(none.timed_out, true);
  assert.equal(none.message, undefined);
});
