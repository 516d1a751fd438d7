// Domains and metrics through the TypeScript SDK, which has no rates.
import assert from "node:assert/strict";
import { test } from "node:test";
import { AgentMail } from "agentmail";
import { client, deliver, unique } from "../world.mjs";

const options = { timeout: 60_000 };

async function bytesOf(answer) {
  return Buffer.from(await answer.arrayBuffer()).toString("utf8");
}

test("a domain goes through every route", options, async () => {
  const name = `${unique()}.test`;
  const made = await client.domains.create({ domain: name, subdomainsEnabled: true });
  assert.equal(made.domainId, name);
  assert.equal(made.status, "NOT_STARTED");
  // Records that are only recommended follow, and selectors carry the day.
  assert.deepEqual(
    made.records.slice(0, 6).map((record) => `${record.type} ${record.name.replace(/^mr[\d-]+-/, "")}`),
    ["TXT rsa._domainkey", "MX @", "MX mail", "TXT mail", "TXT _dmarc", "MX *"],
  );
  assert.ok(made.createdAt instanceof Date);
  assert.equal((await client.domains.get(name)).records[0].value, made.records[0].value);
  const { domains } = await client.domains.list({ limit: 100 });
  assert.ok(domains.some((one) => one.domainId === name && one.subdomainsEnabled));
  const changed = await client.domains.update(name, { trackingEnabled: true });
  assert.equal(changed.records[6].type, "CNAME");
  const zone = await bytesOf(await client.domains.getZoneFile(name));
  assert.match(zone, new RegExp(`\\$ORIGIN ${name.replace(".", "\\.")}\\.`));
  assert.deepEqual(await client.domains.getSetupLink(name), { supported: false });
  await client.domains.verify(name);
  assert.equal((await client.domains.get(name)).status, "PENDING");
  await assert.rejects(client.domains.create({ domain: "co.uk" }), AgentMail.UnprocessableError);
  await client.domains.delete(name);
  await assert.rejects(client.domains.get(name), AgentMail.NotFoundError);
});

test("a pod's domain goes through every route of its pod", options, async () => {
  const pod = await client.pods.create({});
  const name = `${unique()}.test`;
  const made = await client.pods.domains.create(pod.podId, { domain: name });
  assert.equal(made.podId, pod.podId);
  assert.equal((await client.pods.domains.list(pod.podId)).domains[0].domainId, name);
  assert.equal((await client.pods.domains.get(pod.podId, name)).records.length, 9);
  const changed = await client.pods.domains.update(pod.podId, name, { subdomainsEnabled: true });
  assert.equal(changed.records[5].name, "*");
  assert.match(await bytesOf(await client.pods.domains.getZoneFile(pod.podId, name)), /_domainkey IN TXT "v=DKIM1/);
  await client.pods.domains.verify(pod.podId, name);
  await client.pods.domains.delete(pod.podId, name);
  assert.equal((await client.pods.domains.list(pod.podId)).count, 0);
});

test("events and usage are counted at every level", options, async () => {
  const pod = await client.pods.create({});
  const inbox = await client.pods.inboxes.create(pod.podId, {});
  await deliver({ to: inbox.inboxId, subject: "In", text: "x" });
  await deliver({ to: inbox.inboxId, subject: "In again", text: "x" });
  const total = (buckets) => buckets.reduce((sum, bucket) => sum + bucket.count, 0);
  const own = await client.inboxes.metrics.queryEvents(inbox.inboxId);
  assert.equal(total(own["message.received"]), 2);
  const ofPod = await client.pods.metrics.queryEvents(pod.podId, { period: 3600, eventTypes: ["message.received", "message.sent"] });
  assert.equal(total(ofPod["message.received"]), 2);
  assert.deepEqual(ofPod["message.sent"], []);
  const all = await client.metrics.queryEvents({ eventTypes: ["message.received"], descending: true, limit: 1 });
  assert.ok(all["message.received"][0].timestamp instanceof Date);
  const used = await client.inboxes.metrics.queryUsage(inbox.inboxId);
  assert.equal(used.message_count.at(-1).value, 2);
  assert.equal((await client.pods.metrics.queryUsage(pod.podId)).inbox_count.at(-1).value, 1);
  assert.ok((await client.metrics.queryUsage({ period: 3600 })).pod_count.at(-1).value >= 2);
  await assert.rejects(client.metrics.queryUsage({ period: 1 }), AgentMail.ValidationError);
});
