// The server under test, and the people outside: nodemailer hands their mail in, plain fetch reads what they would get.
import { randomBytes } from "node:crypto";
import { AgentMailClient } from "agentmail";
import nodemailer from "nodemailer";
import { called, recording } from "./record.mjs";

function required(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run this through scripts/with-server`);
  return value;
}

export const url = required("MAILROOST_URL");
export const apiKey = required("MAILROOST_API_KEY");
const [, smtpHost, smtpPort] = required("MAILROOST_SMTP").match(/^(.*):(\d+)$/);

const recorded = recording(url);
export const connect = (key) => new AgentMailClient({ apiKey: key, baseUrl: url, fetch: recorded });
export const client = connect(apiKey);

/** A word no other test uses. */
export const unique = () => "t" + randomBytes(5).toString("hex");

/** Hands a mail in over SMTP with STARTTLS, as a mail program would; resolves to what nodemailer reports. */
export async function deliver(mail) {
  const transport = nodemailer.createTransport({
    host: smtpHost,
    port: Number(smtpPort),
    secure: false,
    requireTLS: true,
    tls: { rejectUnauthorized: false }, // the certificate of a laptop is self-made
  });
  try {
    return await transport.sendMail({ from: "Ada Byron <ada@customer.example>", ...mail });
  } finally {
    transport.close();
  }
}

/** The stored bytes of a message, through the signed link and without a credential. */
export async function rawOf(inboxId, messageId) {
  const { downloadUrl, size } = await client.inboxes.messages.getRaw(inboxId, messageId);
  const raw = await download(downloadUrl);
  if (raw.length !== size) throw new Error(`size says ${size}, the link gave ${raw.length} bytes`);
  return raw;
}

export async function download(link) {
  const answer = await fetch(link);
  if (answer.status !== 200) throw new Error(`GET of a download link: ${answer.status}`);
  return Buffer.from(await answer.arrayBuffer());
}

/** The header fields of raw mail, unfolded, by lower-case name. */
export function headersOf(raw) {
  const text = raw.toString("latin1");
  const head = text.slice(0, text.indexOf("\r\n\r\n")).replace(/\r\n[ \t]+/g, " ");
  return Object.fromEntries(head.split("\r\n").map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  }));
}

/** A socket whose subscription is confirmed; `next()` resolves to the next event. */
export async function subscribed(subscription, agent = client) {
  const socket = await agent.websockets.connect();
  const waiting = [];
  const arrived = [];
  socket.on("message", (event) => (waiting.length ? waiting.shift()(event) : arrived.push(event)));
  await socket.waitForOpen();
  const next = () => (arrived.length ? Promise.resolve(arrived.shift()) : new Promise((resolve) => waiting.push(resolve)));
  socket.sendSubscribe({ type: "subscribe", ...subscription });
  const confirmation = await next();
  if (confirmation.type !== "subscribed") {
    socket.close();
    throw new Error(`not a confirmation: ${JSON.stringify(confirmation)}`);
  }
  called("websockets.connect", 101);
  return { next, confirmation, close: () => socket.close() };
}
