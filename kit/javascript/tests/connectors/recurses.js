// Calls itself, in the ways in which JavaScript does.

import { defineConnector } from "weld-connector";

const kinds = {
  plain: (n) => (n === 0 ? 0 : 1 + kinds.plain(n - 1)),
  map: (n) => (n === 0 ? 0 : 1 + [n].map((m) => kinds.map(m - 1))[0]),
  sort: (n) => (n === 0 ? 0 : [1, 2].sort(() => kinds.sort(n - 1)).length),
  replace: (n) => (n === 0 ? "" : "a".replace(/a/, () => kinds.replace(n - 1))),
  getter: (n) =>
    ({
      get x() {
        return n === 0 ? 0 : kinds.getter(n - 1);
      },
    }).x,
  proxy: (n) => new Proxy({}, { get: () => (n === 0 ? 0 : kinds.proxy(n - 1)) }).x,
  apply: (n) => (n === 0 ? 0 : Reflect.apply(kinds.apply, null, [n - 1])),
  toString: (n) => (n === 0 ? "" : `${{ toString: () => kinds.toString(n - 1) }}`),
  toJSON: (n) => (n === 0 ? 1 : JSON.stringify({ toJSON: () => kinds.toJSON(n - 1) })),
  constructor: (n) =>
    new (class {
      constructor() {
        if (n > 0) kinds.constructor(n - 1);
      }
    })(),
  generator(n) {
    function* below(m) {
      if (m > 0) yield* below(m - 1);
      yield m;
    }
    return below(n).next().value;
  },
  async asynchronous(n) {
    return n === 0 ? 0 : 1 + (await kinds.asynchronous(n - 1));
  },
  nested: (n) => JSON.stringify(JSON.parse("[".repeat(n) + "]".repeat(n))).length / 2,
};

export const source = defineConnector({
  schema: () => Object.keys(kinds).map((name) => ({ name, fields: {} })),
  async fetchPage(name, { calls, caught = false }) {
    const row = {};
    try {
      row.result = String(await kinds[name](calls)).slice(0, 20);
    } catch (error) {
      if (!caught) throw error;
      row.error = String(error);
    }
    return { insert: [row], state: {}, hasMore: false };
  },
});
