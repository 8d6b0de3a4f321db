// Returns or throws the value that the table is named after.

import {
  ConnectorError,
  connector,
  InvalidState,
  Misconfigured,
  RateLimited,
  Unauthorized,
  UnknownTable,
  Upstream,
} from "weld-connector";

const good = { insert: [], state: {}, hasMore: false };

// Each value is returned both directly and in a promise.
const values = {
  good: { insert: [{ id: 1 }], state: { next: 2 }, hasMore: true },
  text: { insert: '[{"id":1.50}]', state: null, hasMore: false },
  exact: {
    insert: [
      { big: 2n ** 64n, at: new Date(0), left: undefined, lone: "\ud800", none: null, deep: { list: [1.5, "é"] } },
    ],
    state: { at: new Date(0) },
    hasMore: false,
  },
  waits: { ...good, wait: 0.5 },
  null: null,
  text_for_page: "[]",
  text_for_rows_of_a_promise: { ...good, insert: Promise.resolve([]) },
  rows_misnamed: { rows: [], state: {}, hasMore: false },
  no_array: { ...good, insert: { id: 1 } },
  no_object: { ...good, insert: [{}, 5] },
  nan: { ...good, insert: [{ price: 1 }, { price: NaN }] },
  infinity_in_state: { ...good, state: { at: Infinity } },
  no_state: { insert: [], hasMore: false },
  no_has_more: { insert: [], state: {} },
  negative_wait: { ...good, wait: -1 },
  huge_wait: { ...good, wait: 2 ** 32 },
  nan_wait: { ...good, wait: NaN },
};

const errors = {
  unknown: () => new UnknownTable(),
  misconfigured: () => new Misconfigured("API_TOKEN is missing"),
  invalid_state: () => new InvalidState("cursor"),
  unauthorized: () => new Unauthorized("no"),
  rate_limited: () => new RateLimited(1),
  upstream: () => new Upstream("lone \ud800"),
  other: () => new ConnectorError("of another kind"),
  plain: () => ({ tag: "upstream", val: "plain" }),
  type_error: () => new TypeError("no such thing", { cause: new Error("deeper") }),
  no_error: () => "just text",
};

const settlings = {
  never: () => new Promise(() => {}),
  never_inside: async () => {
    await new Promise(() => {});
  },
  forgotten: async () => {
    Promise.reject(new Error("forgotten"));
    return good;
  },
  timer_that_throws: () => {
    setTimeout(() => {
      throw new Error("in a timer");
    }, 1);
    return new Promise(() => {});
  },
};

const tables = Object.fromEntries([
  ...Object.entries(values).flatMap(([name, value]) => [
    [name, () => value],
    [`promised_${name}`, async () => value],
  ]),
  ...Object.entries(errors).flatMap(([name, error]) => [
    [
      name,
      () => {
        throw error();
      },
    ],
    [
      `promised_${name}`,
      async () => {
        throw error();
      },
    ],
  ]),
  ...Object.entries(settlings),
]);

export const source = connector({
  tables: Object.fromEntries(
    Object.entries(tables).map(([name, fetchPage]) => [name, { primaryKey: "id", fetchPage }]),
  ),
});
