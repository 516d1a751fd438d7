// The quick start of an agent that was never upgraded, through TypeScript 0.4.20.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { AgentMail, AgentMailClient } from "agentmail";
import nodemailer from "nodemailer";

function required(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run this through scripts/with-server`);
  return value;
}

const url = required("MAILROOST_URL");
const [, host, port] = required("MAILROOST_SMTP").match(/^(.*):(\d+)$/);
const client = new AgentMailClient({
  apiKey: required("MAILROOST_API_KEY"),
  environment: { http: url, websockets: url.replace("http", "ws") },
});
const options = { timeout: 60_000 };
const unique = () => "old" + randomBytes(5).toString("hex");

async function deliver(mail) {
  const transport = nodemailer.createTransport({ host, port: Number(port), tls: { rejectUnauthorized: false } });
  try {
    await transport.sendMail({ from: "Ada Byron <ada@customer.example>", ...mail });
  } finally {
    transport.close();
  }
}

async function received() {
  const inbox = await client.inboxes.create({ username: unique() });
  await deliver({
    to: inbox.inboxId,
    subject: "Report",
    text: "The figures are attached.",
    attachments: [{ filename: "figures.csv", content: "a,b\n1,2\n", contentType: "text/csv" }],
  });
  const { messages: [item] } = await client.inboxes.messages.list(inbox.inboxId);
  return { inbox, item };
}

async function download(link) {
  const answer = await fetch(link);
  assert.equal(answer.status, 200);
  return answer.text();
}

test("an inbox is made once, sends, lists and reads", options, async () => {
  const clientId = unique();
  const first = await client.inboxes.create({ clientId, displayName: "Old Desk" });
  assert.equal((await client.inboxes.create({ clientId })).inboxId, first.inboxId);
  assert.equal((await client.inboxes.get(first.inboxId)).displayName, "Old Desk");
  const sent = await client.inboxes.messages.send(first.inboxId, {
    to: "ada@customer.example", subject: "Hello", text: "From an agent.", labels: ["outreach"],
  });
  const { messages } = await client.inboxes.messages.list(first.inboxId, { labels: ["outreach"] });
  assert.deepEqual(messages.map((item) => [item.messageId, item.subject]), [[sent.messageId, "Hello"]]);
  const message = await client.inboxes.messages.get(first.inboxId, sent.messageId);
  assert.equal(message.text.trim(), "From an agent.");
  assert.ok(message.timestamp instanceof Date);
});

test("a mail that arrives is told on the socket and answered", options, async () => {
  const inbox = await client.inboxes.create();
  const socket = await client.websockets.connect();
  try {
    const frames = [];
    let wake = () => {};
    socket.on("message", (frame) => {
      frames.push(frame);
      wake();
    });
    const next = async () => {
      while (frames.length === 0) await new Promise((resolve) => (wake = resolve));
      return frames.shift();
    };
    await socket.waitForOpen();
    socket.sendSubscribe({ type: "subscribe", inboxIds: [inbox.inboxId] });
    assert.equal((await next()).type, "subscribed");
    await deliver({ to: inbox.inboxId, subject: "Question", text: "Where is my order?" });
    const event = await next();
    assert.equal(event.eventType, "message.received");
    assert.equal(event.message.subject, "Question");
    const reply = await client.inboxes.messages.reply(inbox.inboxId, event.message.messageId, { text: "On its way." });
    const thread = await client.threads.get(event.message.threadId);
    assert.deepEqual(thread.messages.map((message) => message.messageId), [event.message.messageId, reply.messageId]);
  } finally {
    socket.close();
  }
});

test("attachment and raw are links", options, async () => {
  const { inbox, item } = await received();
  const [attachment] = item.attachments;
  const link = await client.inboxes.messages.getAttachment(inbox.inboxId, item.messageId, attachment.attachmentId);
  assert.equal(link.filename, "figures.csv");
  assert.equal(await download(link.downloadUrl), "a,b\n1,2\n");
  const raw = await client.inboxes.messages.getRaw(inbox.inboxId, item.messageId);
  const source = await download(raw.downloadUrl);
  assert.equal(Buffer.byteLength(source), raw.size);
  assert.match(source, /^Subject: Report\r$/m);
});

test("labels are changed", options, async () => {
  const { inbox, item } = await received();
  const answer = await client.inboxes.messages.update(inbox.inboxId, item.messageId, {
    addLabels: ["done"], removeLabels: ["unread"],
  });
  assert.equal(answer.messageId, item.messageId);
  assert.ok(answer.labels.includes("done") && !answer.labels.includes("unread"));
});

test("what is not there is a typed error", options, async () => {
  const inbox = await client.inboxes.create();
  await assert.rejects(client.inboxes.messages.get(inbox.inboxId, "<no@such>"), AgentMail.NotFoundError);
});
