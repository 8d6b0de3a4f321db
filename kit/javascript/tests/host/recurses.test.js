import assert from "node:assert/strict";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { serve } from "./server.js";

const { COMPONENTS, CACHE } = process.env;
// The tables of the connector whose values are nested, instead of functions that call themselves.
const NESTS = new Set([
  "parse",
  "parseObjects",
  "parseAndRevive",
  "parseExactly",
  "stringify",
  "stringifyAndReplace",
  "join",
  "flat",
  "clone",
  "array",
  "parentheses",
  "functions",
  "signs",
  "blocks",
  "pattern",
]);
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
});

test("endless recursion is the language's own error, whatever calls the function", async () => {
  const { schema } = await host.schema("recurses");
  const names = Object.keys(schema).filter((name) => !NESTS.has(name));
  assert(names.length > 10);
  for (const name of names) {
    const row = await result(name, { calls: 1e9, caught: true });
    assert.deepEqual(row, { error: "RangeError: Maximum call stack size exceeded" }, name);
  }
});

test("values and texts may be nested as deeply as documented", async () => {
  for (const name of ["parse", "parseObjects", "parseAndRevive"]) {
    const row = await result(name, { levels: 20000 });
    assert.deepEqual(row, { result: "1" }, name);
  }
  for (const name of ["stringify", "stringifyAndReplace"]) {
    const row = await result(name, { levels: 16000 });
    assert.deepEqual(row, { result: "16000" }, name);
  }
  assert.deepEqual(await result("flat", { levels: 16000 }), { result: "0" });
  assert.deepEqual(await result("functions", { levels: 1200 }), { result: "function" });
});

test("too deep nesting is the language's own error, for each function that walks into it, at any depth of the stack", async () => {
  for (const name of NESTS) {
    for (const state of [{ levels: 25000 }, { levels: 200000 }, { levels: 15000, below: 4000 }, { levels: 3000, below: 6000 }]) {
      const row = await result(name, { ...state, caught: true });
      // The last state fits if a level takes little space.
      if (state.levels < 10000 && row.error === undefined) continue;
      assert.match(row.error, /^(RangeError: Maximum call stack size exceeded|SyntaxError: stack overflow)$/, name);
    }
  }
});

test("uncaught recursion is reported with its place", async () => {
  const { status, body } = await host.ask("recurses", "plain", { calls: 1e9 });
  assert.deepEqual([status, body.error.kind], [500, "connector_failed"]);
  assert.match(body.error.message, /RangeError: Maximum call stack size exceeded/);
  await host.logged("ERROR", 'fetchPage of table "plain" failed: RangeError');
  // The trace is the rest of the event, in lines of its own.
  await host.line((line) => /recurses\.js:\d+/.test(line));
});
