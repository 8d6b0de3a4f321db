import assert from "node:assert/strict";
import { test } from "node:test";

import { connector, env, fetch, log, Response } from "weld-connector";
import { fakeHost } from "weld-connector/testing";

const page = (call) => connector({ tables: { t: { fetchPage: call } } });
const fetchPage = (call, options) => fakeHost(options).fetchPage(page(call), "t");
const good = { insert: [], state: {}, hasMore: false };

test("variables are read on use, and the error for a missing one says where to set it", async () => {
  const options = { env: { A: "1", EMPTY: "" } };
  const read = await fetchPage(
    () => ({
      ...good,
      state: { read: [env("A"), env("EMPTY", "x"), env("NO", null), process.env.A, process.env.HOME ?? "none"] },
    }),
    options,
  );
  assert.deepEqual(read.state.read, ["1", "x", null, "1", "none"]);
  for (const name of ["NO", "EMPTY", "constructor"]) {
    await assert.rejects(
      fetchPage(() => env(name), options),
      { tag: "misconfigured", message: new RegExp(`${name} is missing: set it in the section \\[env\\]`) },
    );
  }
  assert.throws(() => env("A"), /can't be used while modules load/);
});

test("console and log write to the host's log, at their level", async () => {
  const host = fakeHost();
  await host.fetchPage(
    page(() => {
      const circle = { name: "c" };
      circle.self = circle;
      console.debug("d", 1, 2n, null, undefined, Symbol("s"));
      console.log({ a: ["x", new Map([["k", new Set([1])]])], at: new Date(0) }, circle);
      console.info({ a: { b: { c: { d: {} } } } }, function named() {});
      console.warn("lone \ud800");
      console.error(new Error("boom"));
      console.assert(true, "fine");
      console.assert(false, "not fine");
      log("warn", "plain");
      return good;
    }),
    "t",
  );
  const [debug, first, second, warn, error, asserted, plain] = host.logs;
  assert.deepEqual(debug, { level: "debug", message: "d 1 2n null undefined Symbol(s)" });
  assert.deepEqual(first, {
    level: "info",
    message: '{a: ["x", {k: [1]}], at: 1970-01-01T00:00:00.000Z} {name: "c", self: [circular]}',
  });
  assert.deepEqual(second, { level: "info", message: "{a: {b: {c: {d: {…}}}}} [function named]" });
  assert.deepEqual(warn, { level: "warn", message: "lone \ufffd" });
  assert.match(error.message, /^Error: boom\n +at /);
  assert.deepEqual(asserted, { level: "error", message: "assertion failed: not fine" });
  assert.deepEqual(plain, { level: "warn", message: "plain" });
});

test("a test's own globals are restored after a call, and concurrent calls are refused", async () => {
  const names = ["console", "fetch", "setTimeout", "Headers", "Response"];
  const before = names.map((name) => globalThis[name]);
  const variables = process.env;
  const source = page(async () => {
    await assert.rejects(fakeHost().schema(source), /another call is still running/);
    return good;
  });
  await fakeHost().fetchPage(source, "t");
  await assert.rejects(
    fetchPage(() => {
      throw new Error("x");
    }),
  );
  assert.deepEqual(
    names.map((name) => globalThis[name]),
    before,
  );
  assert.equal(process.env, variables);
});

test("a fake host without fetch denies requests, and one that returns a promise is refused", async () => {
  await assert.rejects(
    fetchPage(() => fetch("https://h/")),
    { tag: "misconfigured", message: /no `fetch`/ },
  );
  await assert.rejects(
    fetchPage(() => fetch("https://h/"), { fetch: async () => new Response() }),
    { tag: "other", message: /not a promise/ },
  );
});

test("fetchAll fetches page after page", async () => {
  const source = page(({ n = 1 }) => ({ insert: [{ n }], state: { n: n + 1 }, hasMore: n < 3 }));
  assert.deepEqual(await fakeHost().fetchAll(source, "t"), [{ n: 1 }, { n: 2 }, { n: 3 }]);
  await assert.rejects(fakeHost().fetchAll(source, "t", { most: 2 }), /more than 2 pages/);
});
