import assert from "node:assert/strict";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { serve } from "./server.js";

const { COMPONENTS, CACHE } = process.env;
let folder, host;

before(async () => {
  folder = await mkdtemp(join(COMPONENTS, "recurses-"));
  await symlink(join(COMPONENTS, "recurses.wasm"), join(folder, "recurses.wasm"));
  host = await serve(folder, CACHE, ["recurses"]);
});
after(async () => {
  await host?.stop();
  await rm(folder, { recursive: true, force: true });
});

const result = async (name, state) => {
  const { status, body } = await host.ask("recurses", name, state);
  assert.equal(status, 200, JSON.stringify(body));
  return body.insert[0];
};

test("a function may call itself thousands of times", async () => {
  assert.deepEqual(await result("plain", { calls: 5000 }), { result: "5000" });
  assert.deepEqual(await result("asynchronous", { calls: 1000 }), { result: "1000" });
  assert.deepEqual(await result("map", { calls: 1000 }), { result: "1000" });
  assert.deepEqual(await result("nested", { calls: 5000 }), { result: "5000" });
});

test("recursion without end is the language's own error, whatever calls", async () => {
  const { schema } = await host.schema("recurses");
  const names = Object.keys(schema).filter((name) => name !== "nested");
  assert(names.length > 10);
  for (const name of names) {
    const row = await result(name, { calls: 1e9, caught: true });
    assert.deepEqual(row, { error: "RangeError: Maximum call stack size exceeded" }, name);
  }
});

test("recursion that nobody catches is told with the place", async () => {
  const { status, body } = await host.ask("recurses", "plain", { calls: 1e9 });
  assert.deepEqual([status, body.error.kind], [500, "connector_failed"]);
  assert.match(body.error.message, /RangeError: Maximum call stack size exceeded/);
  await host.logged("ERROR", 'fetchPage of table "plain" failed: RangeError');
  const line = host.lines.find((one) => one.includes("RangeError"));
  assert.match(line, /recurses\.js:\d+/);
});
