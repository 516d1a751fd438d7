// Search through the TypeScript SDK: messages, threads at every level, inboxes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { client, deliver, unique } from "../world.mjs";

const options = { timeout: 60_000 };

test("messages and threads are found, ranked and highlighted", options, async () => {
  const [inbox, word] = [await client.inboxes.create(), unique()];
  await deliver({ to: inbox.inboxId, subject: "Lunch", text: `Once ${word}. 東京都庁` });
  await deliver({ to: inbox.inboxId, subject: `Order ${word} INV-2024-0012`, text: "The Café" });
  await deliver({ to: inbox.inboxId, subject: "Nothing", text: "at all" });
  const found = await client.inboxes.messages.search(inbox.inboxId, { q: word });
  assert.deepEqual(found.messages.map((message) => message.subject), [`Order ${word} INV-2024-0012`, "Lunch"]);
  assert.equal(found.count, 2);
  assert.deepEqual(found.messages[0].highlights.subject, [`Order **${word}** INV-2024-0012`]);
  assert.deepEqual(found.messages[1].highlights.text, [`Once **${word}**. 東京都庁`]);
  assert.ok(found.messages[0].timestamp instanceof Date);
  for (const [q, subject] of [["inv-2024-0012", `Order ${word} INV-2024-0012`], ["CAFE", `Order ${word} INV-2024-0012`], ["東京", "Lunch"]]) {
    const { messages } = await client.inboxes.messages.search(inbox.inboxId, { q });
    assert.deepEqual(messages.map((message) => message.subject), [subject], q);
  }
  const first = await client.inboxes.messages.search(inbox.inboxId, { q: word, limit: 1 });
  const second = await client.inboxes.messages.search(inbox.inboxId, { q: word, limit: 1, pageToken: first.nextPageToken });
  assert.deepEqual([first, second].map((page) => page.messages[0].subject), [`Order ${word} INV-2024-0012`, "Lunch"]);
  assert.equal(second.nextPageToken, undefined);
  const early = await client.inboxes.messages.search(inbox.inboxId, { q: word, before: new Date(0) });
  assert.deepEqual(early.messages, []);

  for (const threads of [
    await client.threads.search({ q: word }),
    await client.pods.threads.search(inbox.podId, { q: word }),
    await client.inboxes.threads.search(inbox.inboxId, { q: word }),
  ]) {
    assert.deepEqual(threads.threads.map((thread) => thread.subject), [`Order ${word} INV-2024-0012`, "Lunch"]);
    assert.deepEqual(threads.threads.map((thread) => thread.threadId), found.messages.map((message) => message.threadId));
    assert.deepEqual(threads.threads[0].highlights.subject, [`Order **${word}** INV-2024-0012`]);
  }
});

test("inboxes are found by beginnings of words", options, async () => {
  const word = unique();
  const first = await client.inboxes.create({ username: word, displayName: "Café Support" });
  const second = await client.inboxes.create({ username: `${word}.two` });
  const found = await client.inboxes.search({ q: word.slice(0, -1) });
  assert.deepEqual(found.inboxes.map((inbox) => inbox.inboxId), [second.inboxId, first.inboxId]);
  assert.deepEqual((await client.inboxes.search({ q: `${word} cafe` })).inboxes.map((inbox) => inbox.inboxId), [first.inboxId]);
  const within = await client.pods.inboxes.search(first.podId, { q: first.inboxId });
  assert.equal(within.inboxes[0].inboxId, first.inboxId);
});

test("a search without words to look for is refused", options, async () => {
  await assert.rejects(client.threads.search({ q: "" }), (error) => error.statusCode === 400);
});
