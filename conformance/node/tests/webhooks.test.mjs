// Webhooks through the TypeScript SDK, with deliveries checked by the packages that receivers use.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { AgentMail } from "agentmail";
import { Webhook as StandardWebhook } from "standardwebhooks";
import { Webhook as Svix } from "svix";
import { client, deliver, unique } from "../world.mjs";

const options = { timeout: 60_000 };

/** A customer's own receiver; `next()` resolves to the next request. */
async function receiver(t) {
  const arrived = [];
  const waiting = [];
  const server = createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      response.writeHead(200).end();
      const posted = { headers: request.headers, body: Buffer.concat(chunks) };
      if (waiting.length) waiting.shift()(posted);
      else arrived.push(posted);
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const next = () => (arrived.length ? Promise.resolve(arrived.shift()) : new Promise((resolve) => waiting.push(resolve)));
  return { url: `http://127.0.0.1:${server.address().port}/hook`, next };
}

for (const name of ["webhooks", "pods", "inboxes"]) {
  test(`all seven methods: ${name}`, options, async () => {
    const inbox = await client.inboxes.create();
    const [webhooks, ...place] = {
      webhooks: [client.webhooks],
      pods: [client.pods.webhooks, inbox.podId],
      inboxes: [client.inboxes.webhooks, inbox.inboxId],
    }[name];
    const clientId = unique();
    const made = await webhooks.create(...place, {
      url: "http://127.0.0.1:9/hook", eventTypes: ["message.received"], clientId, headers: { "X-Token": "secret" },
    });
    assert.match(made.webhookId, /^ep_/);
    assert.match(made.secret, /^whsec_.{32}$/);
    assert.equal(made.enabled, true);
    // What this release does not declare passes through under its name on the wire.
    assert.equal(made.inbox_id, name === "inboxes" ? inbox.inboxId : undefined);
    assert.deepEqual(await webhooks.create(...place, { url: "http://127.0.0.1:9/", eventTypes: ["message.sent"], clientId }), made);
    assert.deepEqual(await webhooks.get(...place, made.webhookId), made);
    const listed = (await webhooks.list(...place, { limit: 100 })).webhooks.find((one) => one.webhookId === made.webhookId);
    assert.equal(listed.url, made.url);
    assert.equal(listed.secret, undefined);
    assert.deepEqual((await webhooks.getHeaders(...place, made.webhookId)).headerNames, ["X-Token"]);
    await webhooks.updateHeaders(...place, made.webhookId, { headers: { "X-Other": "1" }, removeHeaders: ["X-Token"] });
    assert.deepEqual((await webhooks.getHeaders(...place, made.webhookId)).headerNames, ["X-Other"]);
    const changed = await webhooks.update(...place, made.webhookId, { eventTypes: ["message.sent"] });
    assert.deepEqual([changed.eventTypes, changed.secret], [["message.sent"], made.secret]);
    await webhooks.delete(...place, made.webhookId);
    await assert.rejects(() => webhooks.get(...place, made.webhookId), AgentMail.NotFoundError);
  });
}

test("a delivery verifies with svix and standardwebhooks", options, async (t) => {
  const mine = await receiver(t);
  const inbox = await client.inboxes.create();
  const hook = await client.webhooks.create({ url: mine.url, eventTypes: ["message.received"], inboxIds: [inbox.inboxId] });
  await deliver({ to: inbox.inboxId, subject: "Order", text: "Two, please" });
  const { headers, body } = await mine.next();
  for (const Verifier of [Svix, StandardWebhook]) {
    const checked = new Verifier(hook.secret).verify(body.toString(), headers);
    const event = checked ?? JSON.parse(body.toString());
    assert.equal(event.event_type, "message.received");
    assert.equal(event.message.subject, "Order");
    assert.equal(event.message.from_, "Ada Byron <ada@customer.example>");
    assert.throws(() => new Verifier(hook.secret).verify(body.toString().replace("Order", "Ordex"), headers));
    assert.throws(() => new Verifier("whsec_" + "A".repeat(32)).verify(body.toString(), headers));
  }
  await client.webhooks.delete(hook.webhookId);
});
