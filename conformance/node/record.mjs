// Records which operations the SDK called, by the server's own description; see ../python/contract.py for the same in
// Python. With RECORD_FOLDER set, each test file leaves what it called in a file there, if nothing in it failed.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const release = JSON.parse(readFileSync(new URL("node_modules/agentmail/package.json", import.meta.url))).version;
const calls = {};

/** Notes that an operation answered with a status. */
export function called(operation, status) {
  const statuses = (calls[operation] ??= new Set());
  statuses.add(status);
}

/** A `fetch` that notes every answer, for the SDK to use. */
export function recording(url) {
  const operations = fetch(`${url}/openapi.json`).then(async (answer) => table(await answer.json()));
  return async (target, init) => {
    const answer = await fetch(target, init);
    const path = new URL(target).pathname;
    const operation = find(await operations, init?.method ?? "GET", path);
    if (operation) called(operation, answer.status);
    return answer;
  };
}

function table(description) {
  return Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId }]) => ({
      method: method.toUpperCase(),
      pattern: new RegExp(`^${path.replaceAll(".", "\\.").replace(/\{\w+\}/g, "[^/]+")}$`),
      literals: path.split("/").filter((part) => !part.startsWith("{")).length,
      operationId,
    })));
}

/** The operation with the most literal path, as the server chooses. */
function find(operations, method, path) {
  const found = operations.filter((each) => each.method === method && each.pattern.test(path));
  return found.sort((a, b) => b.literals - a.literals)[0]?.operationId;
}

process.on("exit", (status) => {
  const folder = process.env.RECORD_FOLDER;
  if (!folder || status !== 0) return;
  mkdirSync(folder, { recursive: true });
  const operations = Object.fromEntries(
    Object.entries(calls).map(([operation, statuses]) => [operation, { statuses: [...statuses].sort() }]));
  writeFileSync(join(folder, `${process.pid}.json`), JSON.stringify({ release, operations }, null, 1) + "\n");
});
