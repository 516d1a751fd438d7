// Pods, their inboxes, threads and keys, and agents that sign up, through the TypeScript SDK.
import assert from "node:assert/strict";
import { test } from "node:test";
import { AgentMail } from "agentmail";
import { client, connect, deliver, unique } from "../world.mjs";

const options = { timeout: 60_000 };

test("a pod is made, read, listed and deleted", options, async () => {
  const id = unique();
  const pod = await client.pods.create({ name: "Acme", clientId: id });
  assert.deepEqual([pod.name, pod.clientId], ["Acme", id]);
  assert.equal((await client.pods.create({ clientId: id })).podId, pod.podId);
  assert.equal((await client.pods.get(pod.podId)).name, "Acme");
  const page = await client.pods.list({ limit: 1 });
  assert.deepEqual([page.count, page.pods[0].podId], [1, pod.podId]);
  await client.pods.delete(pod.podId);
  await assert.rejects(client.pods.get(pod.podId), AgentMail.NotFoundError);
});

test("a pod has inboxes and threads of its own", options, async () => {
  const { podId } = await client.pods.create({});
  const made = await client.pods.inboxes.create(podId, { displayName: "Sales" });
  assert.deepEqual([made.podId, made.displayName], [podId, "Sales"]);
  assert.equal((await client.pods.inboxes.get(podId, made.inboxId)).inboxId, made.inboxId);
  assert.equal((await client.pods.inboxes.update(podId, made.inboxId, { displayName: "Support" })).displayName, "Support");
  assert.deepEqual((await client.pods.inboxes.list(podId)).inboxes.map((inbox) => inbox.inboxId), [made.inboxId]);
  await deliver({ to: made.inboxId, subject: "Offer", text: "See below", attachments: [{ filename: "a.txt", content: "ten" }] });
  const [item] = (await client.pods.threads.list(podId)).threads;
  const thread = await client.pods.threads.get(podId, item.threadId);
  assert.equal(thread.messages[0].subject, "Offer");
  const link = await client.pods.threads.getAttachment(podId, item.threadId, thread.messages[0].attachments[0].attachmentId);
  assert.equal(link.size, 3);
  const { labels } = await client.pods.threads.update(podId, item.threadId, { addLabels: ["won"] });
  assert.ok(labels.includes("won"));
  const other = await client.pods.create({});
  await assert.rejects(client.pods.threads.get(other.podId, item.threadId), AgentMail.NotFoundError);
  await client.pods.threads.delete(podId, item.threadId);
  await client.pods.inboxes.delete(podId, made.inboxId);
  await assert.rejects(client.inboxes.get(made.inboxId), AgentMail.NotFoundError);
});

test("a key of a pod is listed, renamed, narrowed and revoked", options, async () => {
  const { podId } = await client.pods.create({});
  const made = await client.pods.apiKeys.create(podId, { name: "Tenant" });
  const tenant = connect(made.apiKey);
  assert.deepEqual([(await tenant.auth.me()).scopeType, (await tenant.auth.me()).scopeId], ["pod", podId]);
  assert.equal((await tenant.inboxes.create({})).podId, podId);
  assert.equal((await client.pods.apiKeys.list(podId)).apiKeys[0].apiKeyId, made.apiKeyId);
  const changed = await client.pods.apiKeys.update(podId, made.apiKeyId, { name: "Clerk", permissions: { inboxRead: true } });
  assert.deepEqual([changed.name, changed.permissions.inboxRead], ["Clerk", true]);
  await assert.rejects(tenant.inboxes.create({}), (error) => error.statusCode === 403);
  await client.pods.apiKeys.delete(podId, made.apiKeyId);
  await assert.rejects(tenant.auth.me(), (error) => error.statusCode === 401);
  const key = await client.apiKeys.create({ name: "Org" });
  assert.equal((await client.apiKeys.update(key.apiKeyId, { name: "Renamed" })).name, "Renamed");
  const inbox = await client.inboxes.create({});
  const bound = await client.inboxes.apiKeys.create(inbox.inboxId, { name: "Bound" });
  assert.equal((await client.inboxes.apiKeys.update(inbox.inboxId, bound.apiKeyId, { name: "B" })).name, "B");
});

test("an agent signs up and its human confirms it", options, async () => {
  const human = await client.inboxes.create({});
  const made = await client.agent.signUp({ username: unique(), humanEmail: human.inboxId });
  const agent = connect(made.apiKey);
  assert.equal((await agent.auth.me()).organizationId, made.organizationId);
  await assert.rejects(agent.inboxes.create({}), (error) => error.statusCode === 403);
  let mails = [];
  while (mails.length === 0) mails = (await client.inboxes.messages.list(human.inboxId)).messages;
  const { verified } = await agent.agent.verify({ otpCode: mails[0].subject.slice(0, 6) });
  assert.equal(verified, true);
  assert.ok((await agent.inboxes.create({})).inboxId);
});
