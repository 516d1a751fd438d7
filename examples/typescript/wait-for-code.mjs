// One-time codes in one call: a fresh address for a sign-up form, and the server waits for the code.
//
//     npm install agentmail
//     MAILROOST_API_KEY=am_us_... node wait-for-code.mjs
import { AgentMailClient } from "agentmail";

const url = process.env.MAILROOST_URL ?? "http://127.0.0.1:8080";
const apiKey = process.env.MAILROOST_API_KEY;
const client = new AgentMailClient({ apiKey, baseUrl: url });

const { inboxId } = await client.inboxes.create();
console.log("sign up with", inboxId);

// What arrived in the last two minutes counts too, so it does not matter if the mail is faster than this line. With
// claim=true nobody else who waits in this inbox is given the same code.
const query = new URLSearchParams({ has_code: "true", claim: "true", timeout: "120" });
const answer = await fetch(`${url}/v0/inboxes/${inboxId}/wait?${query}`, { headers: { Authorization: `Bearer ${apiKey}` } });
if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
const { timed_out: timedOut, codes } = await answer.json();
console.log(timedOut ? "no code came" : `the code is ${codes.code.value}`);

await client.inboxes.delete(inboxId);
