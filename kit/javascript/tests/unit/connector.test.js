import assert from "node:assert/strict";
import { test } from "node:test";

import {
  ConnectorError, connector, defineConnector, env, fetch, InvalidState, log, Misconfigured, RateLimited, Response, sleep, Unauthorized, UnknownTable, Upstream,
} from "weld-connector";
import { fakeHost } from "weld-connector/testing";

const page = (call) => connector({ tables: { t: { fetchPage: call } } });
const fetchPage = (call, options) => fakeHost(options).fetchPage(page(call), "t");
const good = { insert: [], state: {}, hasMore: false };

test("a page is the contract's", async () => {
  const host = fakeHost();
  const states = [];
  const source = page((state) => {
    states.push(state);
    return { insert: [{ id: 1 }], state: { next: 2 }, hasMore: true, wait: 1.2 };
  });
  assert.deepEqual(await host.fetchPage(source, "t", { next: 1 }), { insert: [{ id: 1 }], state: { next: 2 }, hasMore: true, wait: 2 });
  assert.deepEqual(states, [{ next: 1 }]);
  assert.deepEqual(await fetchPage(() => ({ insert: '[{"id":1.50}]', state: null, hasMore: false, wait: null })), {
    insert: [{ id: 1.5 }], state: null, hasMore: false, wait: undefined,
  });
});

test("a page that is none is an error that says what it is", async () => {
  const cases = [
    [null, /the page of table "t" is null, not an object/],
    [undefined, /is undefined, not an object/],
    [[], /is an array, not an object/],
    ["[]", /is "\[\]", not an object/],
    [{ rows: [], state: {}, hasMore: false }, /has "rows", but a page has insert, state, hasMore and wait/],
    [{ ...good, insert: null }, /has null as insert, not an array of rows/],
    [{ ...good, insert: new Set() }, /has a Set as insert/],
    [{ ...good, insert: (function* () {})() }, /as insert, not an array/],
    [{ ...good, insert: [[]] }, /row 1 of the page is an array/],
    [{ ...good, insert: [{ price: NaN }] }, /row 1 of the page, field "price": NaN/],
    [{ insert: [], hasMore: false }, /has no state/],
    [{ ...good, state: "x" }, /has "x" as state, not an object or null/],
    [{ ...good, state: [] }, /has an array as state/],
    [{ ...good, state: { at: Infinity } }, /the state in the page of table "t", field "at": Infinity/],
    [{ insert: [], state: {} }, /has undefined as hasMore, not true or false/],
    [{ ...good, hasMore: "no" }, /has "no" as hasMore/],
    [{ ...good, insert: Promise.resolve([]) }, /has a Promise as insert/],
  ];
  for (const wait of [NaN, -1, 2 ** 32, "5", 5n, Infinity]) {
    cases.push([{ ...good, wait }, /wait of the page of table "t" is .+, not a number of milliseconds/]);
  }
  for (const [value, message] of cases) {
    await assert.rejects(fetchPage(() => value), { tag: "other", message });
    await assert.rejects(fetchPage(async () => value), { tag: "other", message });
  }
});

test("each error is the contract's, and needs no trace in the log", async () => {
  const cases = [
    [new UnknownTable(), { tag: "unknown-table", val: undefined }],
    [new Misconfigured("m\ud800"), { tag: "misconfigured", val: "m\ufffd" }],
    [new InvalidState("i"), { tag: "invalid-state", val: "i" }],
    [new Unauthorized("u"), { tag: "unauthorized", val: "u" }],
    [new RateLimited(), { tag: "rate-limited", val: undefined }],
    [new RateLimited(1.5), { tag: "rate-limited", val: 2 }],
    [new Upstream("a", { cause: new Error("b") }), { tag: "upstream", val: "a" }],
    [new ConnectorError("o"), { tag: "other", val: "o" }],
    [{ tag: "upstream", val: "plain" }, { tag: "upstream", val: "plain" }],
    [Object.assign(new Error("x"), { payload: { tag: "unauthorized", val: "y" } }), { tag: "unauthorized", val: "y" }],
  ];
  for (const [error, expected] of cases) {
    const host = fakeHost();
    const source = page(async () => {
      throw error;
    });
    await assert.rejects(host.fetchPage(source, "t"), expected);
    await assert.rejects(host.fetchPage(page(() => { throw error; }), "t"), expected);
    assert.deepEqual(host.logs, []);
  }
  assert.throws(() => new RateLimited(NaN), /the wait of RateLimited is NaN/);
});

test("any other error is `other` with its message, and its trace is in the log", async () => {
  const cases = [
    [new TypeError("no such thing", { cause: new Error("deeper") }), "TypeError: no such thing"],
    [new Error(""), "Error"],
    ["text", '"text" was thrown, which is no Error'],
    [null, "null was thrown, which is no Error"],
    [{ tag: "misspelled", val: "x" }, "an object was thrown, which is no Error"],
    [{ tag: "upstream" }, "an object was thrown, which is no Error"],
    [{ tag: "rate-limited", val: 1.5 }, "an object was thrown, which is no Error"],
    [{ tag: "rate-limited", val: -1 }, "an object was thrown, which is no Error"],
  ];
  for (const [error, val] of cases) {
    const host = fakeHost();
    await assert.rejects(host.fetchPage(page(async () => { throw error; }), "t"), { tag: "other", val });
    assert.equal(host.logs.length, 1);
    assert.equal(host.logs[0].level, "error");
    assert.ok(host.logs[0].message.startsWith(`fetchPage of table "t" failed: ${val}`), host.logs[0].message);
  }
  const host = fakeHost();
  await assert.rejects(host.fetchPage(page(() => { throw cases[0][0]; }), "t"));
  assert.match(host.logs[0].message, /connector\.test\.js:\d+[\s\S]*caused by Error: deeper/);
});

test("a promise that nothing settles is an error that says so", async () => {
  await assert.rejects(fetchPage(() => new Promise(() => {})), {
    tag: "other",
    message: /fetchPage of table "t" returned a promise that nothing settles/,
  });
  await assert.rejects(fetchPage(async () => { await new Promise((resolve) => setTimeout(() => {}, 5)); }), { tag: "other", message: /nothing settles/ });
});

test("timers run in the order of their time, which the host sleeps", async () => {
  const host = fakeHost();
  const order = [];
  await host.fetchPage(
    page(async () => {
      setTimeout((value) => order.push(value), 30, "30");
      setTimeout(() => order.push("30 too"), 30);
      setTimeout(() => order.push("10"), 10);
      clearTimeout(setTimeout(() => order.push("never"), 1));
      const every = setInterval(() => {
        order.push("every");
        if (order.length > 5) clearInterval(every);
      }, 12);
      await Promise.all([sleep(40), sleep(40)]);
      order.push("slept");
      return good;
    }),
    "t",
  );
  assert.deepEqual(order, ["10", "every", "every", "30", "30 too", "every", "slept"]);
  assert.deepEqual(host.sleeps, [10, 2, 12, 6, 6, 4]);
});

test("a sleep that is longer than the page has is an error that can be caught", async () => {
  const options = { timeLeft: 100 };
  const left = await fetchPage(() => sleep(101).catch((error) => ({ ...good, state: { left: error.left } })), options);
  assert.equal(left.state.left, 100);
  await assert.rejects(fetchPage(() => sleep(101), options), { tag: "other", message: /out of time/ });
  await assert.rejects(fetchPage(() => new Promise((done) => setTimeout(done, 101)), options), { tag: "other", message: /out of time/ });
  await assert.rejects(fetchPage(() => sleep(NaN)), { tag: "other", message: /duration of sleep is NaN/ });
});

test("a sleep that fails in another way is no lack of time", async () => {
  const host = fakeHost();
  host.sleep = () => {
    throw new Error("broken");
  };
  await assert.rejects(host.fetchPage(page(() => sleep(1)), "t"), { tag: "other", message: /Error: broken/ });
});

test("the schema is the contract's, whatever the form it is written in", async () => {
  const source = connector({
    tables: {
      beers: {
        primaryKey: "id",
        fields: { id: "int", ibu: ["null", "double"], abv: { type: "double", default: 0.5 }, odd: { type: { array: "int" } } },
        fetchPage: () => good,
      },
      log: { fetchPage: () => good },
      pair: { primaryKey: ["a", "b"], fields: [{ name: "a", type: "string", default: null }], fetchPage: () => good },
    },
  });
  const described = (val) => ({ tag: "described", val });
  const named = (val) => ({ tag: "named", val });
  assert.deepEqual(await fakeHost().schema(source), [
    {
      name: "beers",
      primaryKey: ["id"],
      fields: [
        { name: "id", type: named("int"), default: undefined },
        { name: "ibu", type: described('["null","double"]'), default: undefined },
        { name: "abv", type: named("double"), default: "0.5" },
        { name: "odd", type: described('{"array":"int"}'), default: undefined },
      ],
    },
    { name: "log", primaryKey: [], fields: [] },
    { name: "pair", primaryKey: ["a", "b"], fields: [{ name: "a", type: named("string"), default: "null" }] },
  ]);
});

test("a schema that is none is an error that says where", async () => {
  const cases = [
    [null, /schema returned null, not an array of tables/],
    [{ beers: {} }, /returned an object/],
    [[{}], /table 1 of the schema is an object, not a table with a name/],
    [[{ name: "t", primaryKey: 5 }], /table "t": primaryKey is 5/],
    [[{ name: "t", fields: "id" }], /table "t": fields is "id"/],
    [[{ name: "t", fields: { id: 5 } }], /table "t", field "id": the type is 5/],
    [[{ name: "t", fields: [{ type: "int" }] }], /table "t": a field is an object, not one with a name/],
    [[{ name: "t", fields: [{ name: "x", type: "int", default: NaN }] }], /field "x", default: NaN/],
  ];
  for (const [tables, message] of cases) {
    const source = defineConnector({ schema: async () => tables, fetchPage: () => good });
    await assert.rejects(fakeHost().schema(source), { tag: "other", message });
  }
});

test("tables that are not there are unknown, inherited names too", async () => {
  for (const name of ["wines", "toString", "__proto__"]) {
    await assert.rejects(fakeHost().fetchPage(page(() => good), name), { tag: "unknown-table" });
  }
});

test("a definition that lacks a function is an error at once", () => {
  assert.throws(() => connector({ tables: { t: {} } }), /table "t" needs a function fetchPage/);
  assert.throws(() => defineConnector({ fetchPage() {} }), /needs a function schema/);
});

test("variables are read on use, and a missing one says where to set it", async () => {
  const options = { env: { A: "1", EMPTY: "" } };
  const read = await fetchPage(
    () => ({ ...good, state: { read: [env("A"), env("EMPTY", "x"), env("NO", null), process.env.A, process.env.HOME ?? "none"] } }),
    options,
  );
  assert.deepEqual(read.state.read, ["1", "x", null, "1", "none"]);
  for (const name of ["NO", "EMPTY", "constructor"]) {
    await assert.rejects(fetchPage(() => env(name), options), { tag: "misconfigured", message: new RegExp(`${name} is missing: set it in the section \\[env\\]`) });
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
      console.info({ a: { b: { c: { d: {} } } } }, (function named() {}));
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
  assert.deepEqual(first, { level: "info", message: '{a: ["x", {k: [1]}], at: 1970-01-01T00:00:00.000Z} {name: "c", self: [circular]}' });
  assert.deepEqual(second, { level: "info", message: "{a: {b: {c: {d: {…}}}}} [function named]" });
  assert.deepEqual(warn, { level: "warn", message: "lone \ufffd" });
  assert.match(error.message, /^Error: boom\n +at /);
  assert.deepEqual(asserted, { level: "error", message: "assertion failed: not fine" });
  assert.deepEqual(plain, { level: "warn", message: "plain" });
});

test("a test's own globals are back after a call, and calls don't mix", async () => {
  const names = ["console", "fetch", "setTimeout", "Headers", "Response"];
  const before = names.map((name) => globalThis[name]);
  const variables = process.env;
  const source = page(async () => {
    await assert.rejects(fakeHost().schema(source), /another call is under way/);
    return good;
  });
  await fakeHost().fetchPage(source, "t");
  await assert.rejects(fetchPage(() => { throw new Error("x"); }));
  assert.deepEqual(names.map((name) => globalThis[name]), before);
  assert.equal(process.env, variables);
});

test("a fake host without answers denies, and one with a promise is refused", async () => {
  await assert.rejects(fetchPage(() => fetch("https://h/")), { tag: "misconfigured", message: /no `fetch`/ });
  await assert.rejects(fetchPage(() => fetch("https://h/"), { fetch: async () => new Response() }), { tag: "other", message: /no promise of one/ });
});

test("fetchAll walks from page to page", async () => {
  const source = page(({ n = 1 }) => ({ insert: [{ n }], state: { n: n + 1 }, hasMore: n < 3 }));
  assert.deepEqual(await fakeHost().fetchAll(source, "t"), [{ n: 1 }, { n: 2 }, { n: 3 }]);
  await assert.rejects(fakeHost().fetchAll(source, "t", { most: 2 }), /more than 2 pages/);
});
