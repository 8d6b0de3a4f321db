import assert from "node:assert/strict";
import { test } from "node:test";

import { connector, defineConnector } from "weld-connector";
import { fakeHost } from "weld-connector/testing";

const page = (call) => connector({ tables: { t: { fetchPage: call } } });
const fetchPage = (call, options) => fakeHost(options).fetchPage(page(call), "t");
const good = { insert: [], state: {}, hasMore: false };

test("a page is converted to the contract's", async () => {
  const host = fakeHost();
  const states = [];
  const source = page((state) => {
    states.push(state);
    return { insert: [{ id: 1 }], state: { next: 2 }, hasMore: true, wait: 1.2 };
  });
  assert.deepEqual(await host.fetchPage(source, "t", { next: 1 }), {
    insert: [{ id: 1 }],
    state: { next: 2 },
    hasMore: true,
    wait: 2,
  });
  assert.deepEqual(states, [{ next: 1 }]);
  assert.deepEqual(await fetchPage(() => ({ insert: '[{"id":1.50}]', state: null, hasMore: false, wait: null })), {
    insert: [{ id: 1.5 }],
    state: null,
    hasMore: false,
    wait: undefined,
  });
});

test("a value that is not a page is an error that describes it", async () => {
  const cases = [
    [null, /the page of table "t" is null, not an object/],
    [undefined, /is undefined, not an object/],
    [[], /is an array, not an object/],
    ["[]", /is "\[\]", not an object/],
    [{ rows: [], state: {}, hasMore: false }, /has the unknown key "rows"; a page has insert, state, hasMore and wait/],
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
    [{ ...good, insert: Promise.resolve([]) }, /has a Promise \(is an `await` missing\?\) as insert/],
  ];
  for (const wait of [NaN, -1, 2 ** 32, "5", 5n, Infinity]) {
    cases.push([{ ...good, wait }, /wait of the page of table "t" is .+, not a number of milliseconds/]);
  }
  for (const [value, message] of cases) {
    await assert.rejects(
      fetchPage(() => value),
      { tag: "other", message },
    );
    await assert.rejects(
      fetchPage(async () => value),
      { tag: "other", message },
    );
  }
});

test("a schema is converted to the contract's, in each form in which it can be written", async () => {
  const source = connector({
    tables: {
      beers: {
        primaryKey: "id",
        fields: {
          id: "int",
          ibu: ["null", "double"],
          abv: { type: "double", default: 0.5 },
          odd: { type: { array: "int" } },
        },
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

test("an invalid schema is an error that names the place", async () => {
  const cases = [
    [null, /schema returned null, not an array of tables/],
    [{ beers: {} }, /returned an object/],
    [[{}], /table 1 of the schema is an object, not a table with a name/],
    [[{ name: "t", primaryKey: 5 }], /table "t": primaryKey is 5/],
    [[{ name: "t", fields: "id" }], /table "t": fields is "id"/],
    [[{ name: "t", fields: { id: 5 } }], /table "t", field "id": the type is 5/],
    [[{ name: "t", fields: [{ type: "int" }] }], /table "t": a field is an object, not a field with a name/],
    [[{ name: "t", fields: [{ name: "x", type: "int", default: NaN }] }], /field "x", default: NaN/],
  ];
  for (const [tables, message] of cases) {
    const source = defineConnector({ schema: async () => tables, fetchPage: () => good });
    await assert.rejects(fakeHost().schema(source), { tag: "other", message });
  }
});

test("missing tables are unknown, including inherited names", async () => {
  for (const name of ["wines", "toString", "__proto__"]) {
    await assert.rejects(
      fakeHost().fetchPage(
        page(() => good),
        name,
      ),
      { tag: "unknown-table" },
    );
  }
});

test("a definition without a required function is an error at once", () => {
  assert.throws(() => connector({ tables: { t: {} } }), /table "t" needs a function fetchPage/);
  assert.throws(() => defineConnector({ fetchPage() {} }), /needs a function schema/);
});
