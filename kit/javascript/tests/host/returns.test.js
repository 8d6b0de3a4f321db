import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";

import { serve } from "./server.js";

const { COMPONENTS, CACHE } = process.env;
let host;

before(async () => {
  host = await serve(`${COMPONENTS}/returns.wasm`, CACHE, ["returns"]);
});
after(() => host?.stop());

// The response must be the same, whether the function returns the value or a promise of it.
async function both(table, check) {
  for (const name of [table, `promised_${table}`]) {
    check(await host.ask("returns", name), name);
  }
}

test("pages reach Weld unchanged", async () => {
  const cases = {
    good: { insert: [{ id: 1 }], state: { next: 2 }, hasMore: true },
    text: { insert: [{ id: 1.5 }], state: null, hasMore: false },
  };
  for (const [table, page] of Object.entries(cases)) {
    await both(table, ({ status, body }, name) =>
      assert.deepEqual({ status, body }, { status: 200, body: page }, name),
    );
  }
});

test("dates and large integers are exact", async () => {
  const response = await fetch(`${host.announced[1]}/returns`, { method: "POST", body: '{"name":"exact"}' });
  assert.equal(
    await response.text(),
    '{"insert":[{"big":18446744073709551616,"at":"1970-01-01T00:00:00.000Z","lone":"\\ud800","none":null,' +
      '"deep":{"list":[1.5,"é"]}}],"state":{"at":"1970-01-01T00:00:00.000Z"},"hasMore":false}',
  );
});

test("a wait is rounded up and kept", async () => {
  await both("waits", ({ status }, name) => assert.equal(status, 200, name));
});

test("values that are not pages are errors that describe them", async () => {
  const cases = {
    null: /the page of table "(promised_)?null" is null, not an object/,
    text_for_page: /is "\[\]", not an object/,
    text_for_rows_of_a_promise: /has a Promise \(is an `await` missing\?\) as insert/,
    rows_misnamed: /has the unknown key "rows"; a page has insert/,
    no_array: /has an object as insert, not an array/,
    no_object: /row 2 of the page is 5, not an object/,
    nan: /row 2 of the page, field "price": NaN is not a JSON number/,
    infinity_in_state: /the state in the page of table .*, field "at": Infinity/,
    no_state: /has no state/,
    no_has_more: /has undefined as hasMore/,
    negative_wait: /wait of the page of table .* is -1, not a number of milliseconds/,
    huge_wait: /is 4294967296, not a number of milliseconds/,
    nan_wait: /is NaN, not a number of milliseconds/,
  };
  for (const [table, message] of Object.entries(cases)) {
    await both(table, ({ status, body }, name) => {
      assert.match(body.error?.message ?? "", message, name);
      assert.deepEqual([status, body.error.kind], [500, "connector_failed"], name);
    });
  }
});

test("each error of the contract reaches the caller", async () => {
  const cases = {
    unknown: [404, "unknown_table", /./],
    misconfigured: [500, "misconfigured", /API_TOKEN is missing/],
    invalid_state: [500, "invalid_state", /cursor/],
    unauthorized: [502, "upstream_unauthorized", /no/],
    upstream: [502, "upstream_failed", /lone \ufffd/],
    other: [500, "connector_failed", /of another kind/],
    plain: [502, "upstream_failed", /plain/],
    type_error: [500, "connector_failed", /TypeError: no such thing/],
    no_error: [500, "connector_failed", /"just text" was thrown instead of an Error/],
  };
  for (const [table, [status, kind, message]] of Object.entries(cases)) {
    await both(table, (answer, name) => {
      assert.deepEqual([answer.status, answer.body.error?.kind], [status, kind], name);
      assert.match(answer.body.error.message, message, name);
    });
  }
});

test("a rate limit is waited for, not reported", async () => {
  await both("rate_limited", ({ status, body }, name) =>
    assert.deepEqual([status, body.insert, body.hasMore], [200, [], true], name),
  );
});

test("the stack of an error that is not one of the contract's is in the log, with its cause", async () => {
  await host.ask("returns", "type_error");
  const line = await host.logged("ERROR", 'fetchPage of table "type_error" failed: TypeError: no such thing');
  assert.ok(line.includes('connector="returns"'), line);
  const further = (text) => host.line((line) => line.startsWith("    | ") && line.includes(text));
  await further("caused by Error: deeper");
  // With the place in the author's file, not in the bundle.
  const source = await readFile(new URL("../connectors/returns.js", import.meta.url), "utf8");
  const thrownAt = source.split("\n").findIndex((text) => text.includes("no such thing")) + 1;
  await further(`connectors/returns.js:${thrownAt})`);
});

test("a promise that nothing will settle is an error", async () => {
  for (const table of ["never", "never_inside"]) {
    const { status, body } = await host.ask("returns", table);
    assert.deepEqual([status, body.error?.kind], [500, "connector_failed"], table);
    assert.match(body.error.message, /returned a promise that nothing will settle/, table);
  }
});

test("an unhandled rejected promise is logged", async () => {
  const { status } = await host.ask("returns", "forgotten");
  assert.equal(status, 200);
  await host.logged("WARN", "left a rejected promise unhandled (is an `await` missing?): Error: forgotten");
});

test("a timer that throws fails the page", async () => {
  const { body } = await host.ask("returns", "timer_that_throws");
  assert.match(body.error?.message ?? "", /Error: in a timer/);
});

test("missing tables are unknown", async () => {
  assert.equal((await host.ask("returns", "toString")).body.error.kind, "unknown_table");
});
