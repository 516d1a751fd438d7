// Quick start, support loop, outreach, OTP loop and two agents, as a TypeScript developer writes them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { client, deliver, headersOf, rawOf, subscribed, unique } from "../world.mjs";

const options = { timeout: 60_000 };

test("quick start: an inbox without arguments sends, lists and gets", options, async () => {
  const inbox = await client.inboxes.create();
  assert.equal(inbox.email, inbox.inboxId);
  const sent = await client.inboxes.messages.send(inbox.inboxId, { to: "ada@customer.example", subject: "Hello", text: "From an agent." });
  const page = await client.inboxes.messages.list(inbox.inboxId);
  assert.equal(page.count, 1);
  assert.equal(page.messages[0].messageId, sent.messageId);
  assert.ok(page.messages[0].timestamp instanceof Date);
  const message = await client.inboxes.messages.get(inbox.inboxId, sent.messageId);
  assert.equal(message.threadId, sent.threadId);
  assert.equal(message.text.trim(), "From an agent.");
  assert.ok(message.labels.includes("sent"));
});

test("support loop: heard, read, answered in the thread, answered back", options, async (t) => {
  const inbox = await client.inboxes.create();
  const socket = await subscribed({ inboxIds: [inbox.inboxId], eventTypes: ["message.received"] });
  t.after(() => socket.close());

  const question = await deliver({ to: inbox.inboxId, subject: "Order 4711", text: "Where is my order?" });
  let event = await socket.next();
  assert.equal(event.eventType, "message.received");
  assert.equal(event.message.messageId, question.messageId);
  assert.equal(event.message.extractedText.trim(), "Where is my order?");

  const answer = await client.inboxes.messages.reply(inbox.inboxId, event.message.messageId, { text: "It left this morning." });
  assert.equal(answer.threadId, event.message.threadId);
  const headers = headersOf(await rawOf(inbox.inboxId, answer.messageId));
  assert.equal(headers["in-reply-to"], question.messageId);
  assert.equal(headers.references, question.messageId);
  assert.equal(headers.subject, "Re: Order 4711");
  assert.match(headers.from, new RegExp(inbox.inboxId));
  assert.match(headers.to, /ada@customer\.example/);

  await deliver({
    to: inbox.inboxId, subject: headers.subject, inReplyTo: answer.messageId, references: [question.messageId, answer.messageId],
    text: `Great, thank you!\n\nOn Mon, Mar 2, 2026 at 9:14 AM Agent <${inbox.inboxId}> wrote:\n\n> It left this morning.\n`,
  });
  event = await socket.next();
  assert.equal(event.message.threadId, answer.threadId);
  assert.equal(event.message.extractedText.trim(), "Great, thank you!");
  const thread = await client.threads.get(answer.threadId);
  assert.equal(thread.messageCount, 3);
});

test("outreach: labelled mail, answers found by label and thread", options, async () => {
  const inbox = await client.inboxes.create();
  const label = unique();
  const sent = {};
  for (const name of ["ada", "grace", "linus"]) {
    sent[name] = await client.inboxes.messages.send(inbox.inboxId, {
      to: `${name}@customer.example`, subject: `Hello ${name}`, text: "May I?", labels: [label] });
  }
  for (const name of ["ada", "linus"]) {
    await deliver({
      from: `${name}@customer.example`, to: inbox.inboxId, subject: `Re: Hello ${name}`, text: `${name} is interested.`,
      inReplyTo: sent[name].messageId, references: sent[name].messageId });
  }
  const all = await client.inboxes.threads.list(inbox.inboxId, { labels: [label, "sent"] });
  assert.equal(all.count, 3);
  const answered = await client.inboxes.threads.list(inbox.inboxId, { labels: [label, "received"] });
  assert.deepEqual(new Set(answered.threads.map((thread) => thread.threadId)), new Set([sent.ada.threadId, sent.linus.threadId]));
  const mine = await client.inboxes.messages.list(inbox.inboxId, { labels: [label], from: [inbox.inboxId], limit: 2 });
  assert.equal(mine.count, 2);
  const rest = await client.inboxes.messages.list(inbox.inboxId, { labels: [label], from: [inbox.inboxId], limit: 2, pageToken: mine.nextPageToken });
  assert.equal(rest.count, 1);
  assert.equal(rest.nextPageToken, undefined);
});

test("OTP loop: the code from text and from HTML-only mail", options, async () => {
  for (const body of [{ text: "Your code is 830264." }, { html: "<style>p{color:#112233}</style><p>Your code is <b>830264</b>.</p>" }]) {
    const inbox = await client.inboxes.create();
    const socket = await subscribed({ inboxIds: [inbox.inboxId] });
    await deliver({ to: inbox.inboxId, subject: "Your code", ...body });
    const { message } = await socket.next();
    socket.close();
    assert.deepEqual((message.extractedText ?? message.text).match(/\b\d{6}\b/g), ["830264"]);
  }
});

test("two agents converse for six turns in one thread each", options, async (t) => {
  const [buyer, seller] = [await client.inboxes.create(), await client.inboxes.create()];
  const turns = ["Do you have 40 chairs?", "Yes, at 30 each.", "Make it 25.", "28, delivered.", "Agreed.", "They ship on Monday."];
  const socket = await subscribed({ inboxIds: [buyer.inboxId, seller.inboxId], eventTypes: ["message.received"] });
  t.after(() => socket.close());
  await client.inboxes.messages.send(buyer.inboxId, { to: seller.inboxId, subject: "Chairs", text: turns[0] });
  for (const [number, words] of turns.entries()) {
    const { message } = await socket.next();
    assert.equal(message.inboxId, (number % 2 ? buyer : seller).inboxId);
    assert.equal(message.extractedText.trim(), words);
    if (number + 1 < turns.length) await client.inboxes.messages.reply(message.inboxId, message.messageId, { text: turns[number + 1] });
  }
  for (const inbox of [buyer, seller]) {
    const { threads } = await client.inboxes.threads.list(inbox.inboxId);
    assert.equal(threads.length, 1);
    assert.equal(threads[0].messageCount, turns.length);
  }
});

test("a sent message is announced", options, async (t) => {
  const inbox = await client.inboxes.create();
  const socket = await subscribed({ inboxIds: [inbox.inboxId], eventTypes: ["message.sent"] });
  t.after(() => socket.close());
  const sent = await client.inboxes.messages.send(inbox.inboxId, { to: ["ada@customer.example"], subject: "x", text: "x" });
  const event = await socket.next();
  assert.equal(event.eventType, "message.sent");
  assert.equal(event.send.messageId, sent.messageId);
  assert.deepEqual(event.send.recipients, ["ada@customer.example"]);
});
