// What the hosted service has and this server does not offer, as TypeScript 0.5.27 calls it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { client } from "../world.mjs";

const ID = "00000000-0000-4000-8000-000000000007";
const calls = {
  "accounts.list": () => client.accounts.list(),
  "accounts.get": () => client.accounts.get(ID),
  "providers.list": () => client.providers.list(),
  "providers.search": () => client.providers.search({ q: "calendar" }),
  "providers.get": () => client.providers.get(ID),
  "providers.listAccounts": () => client.providers.listAccounts(ID),
  "providers.connect": () => client.providers.connect(ID, { inboxId: "a@b.example", acceptDisclosure: true }),
};

for (const [name, call] of Object.entries(calls)) {
  test(`${name} is not enabled and says what to do`, { timeout: 60_000 }, async () => {
    const error = await call().then(() => assert.fail("it answered"), (error) => error);
    assert.equal(error.statusCode, 403, String(error));
    assert.equal(error.body.code, "not_enabled");
    assert.ok(error.body.fix);
  });
}

test("inboxes.authorize is not enabled and says what to do", { timeout: 60_000 }, async () => {
  const { inboxId } = await client.inboxes.create();
  const error = await client.inboxes.authorize(inboxId, { authToken: "token" }).then(() => assert.fail("it answered"), (error) => error);
  assert.equal(error.statusCode, 403, String(error));
  assert.equal(error.body.code, "not_enabled");
});
