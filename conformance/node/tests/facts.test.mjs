// What a message says it is: beyond the SDK, which must read messages that carry it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { apiKey, client, deliver, subscribed, url } from "../world.mjs";

const options = { timeout: 120_000 };

test("the SDK reads messages and events that carry typed facts", options, async () => {
  const { inboxId } = await client.inboxes.create();
  const socket = await subscribed({ inboxIds: [inboxId], eventTypes: ["message.received"] });
  const text = "Thank you for your message. I am out of the office until 24 August 2027 and will answer when I am back.";
  await deliver({ to: inboxId, subject: "Out of office", text });
  const { message } = await socket.next();
  socket.close();
  const stored = await client.inboxes.messages.get(inboxId, message.messageId);
  assert.equal(stored.subject, "Out of office");
  assert.match(stored.extractedText, /out of the office/);
  const path = `/v0/inboxes/${inboxId}/messages/${encodeURIComponent(message.messageId)}`;
  const answer = await fetch(`${url}${path}`, { headers: { Authorization: `Bearer ${apiKey}` } });
  const { facts } = await answer.json();
  const away = facts.find((fact) => fact.kind === "out_of_office");
  assert.equal(away.absence.until, "2027-08-24");
  assert.equal(facts.find((fact) => fact.kind === "language").language, "en");
});
