// Recurses in each way that JavaScript has.

import { defineConnector, parseJson } from "weld-connector";

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
};

const nested = (n) => {
  let value = [];
  for (let level = 1; level < n; level++) value = [value];
  return value;
};
const brackets = (n, [left, right], inner = "") => left.repeat(n) + inner + right.repeat(n);

// Values and texts with this many levels, which the engine itself walks into.
const nests = {
  parse: (n) => JSON.parse(brackets(n, "[]")).length,
  parseObjects: (n) => Object.keys(JSON.parse(brackets(n, ['{"a":', "}"], "1"))).length,
  parseAndRevive: (n) => JSON.parse(brackets(n, "[]"), (_, value) => value).length,
  parseExactly: (n) => parseJson(brackets(n, "[]")).length,
  stringify: (n) => JSON.stringify(nested(n)).length / 2,
  stringifyAndReplace: (n) => JSON.stringify(nested(n), (_, value) => value).length / 2,
  join: (n) => nested(n).join().length,
  flat: (n) => nested(n).flat(Infinity).length,
  clone: (n) => structuredClone(nested(n)).length,
  array: (n) => new Function(`return ${brackets(n, "[]")}`)().length,
  parentheses: (n) => new Function(`return ${brackets(n, "()", "1")}`)(),
  functions: (n) => typeof new Function(`return ${brackets(n, ["(()=>", ")"], "1")}`)(),
  signs: (n) => new Function(`return ${"- ".repeat(n)}1`)(),
  blocks: (n) => String(new Function(brackets(n, "{}"))()),
  pattern: (n) => new RegExp(brackets(n, ["(?:", ")"])).test(""),
};

export const source = defineConnector({
  schema: () => Object.keys({ ...kinds, ...nests }).map((name) => ({ name, fields: {} })),
  async fetchPage(name, { calls, levels, below = 0, caught = false }) {
    const row = {};
    const work = name in kinds ? () => kinds[name](calls) : () => nests[name](levels);
    const down = (n) => (n === 0 ? work() : down(n - 1));
    try {
      row.result = String(await down(below)).slice(0, 20);
    } catch (error) {
      if (!caught) throw error;
      row.error = String(error);
    }
    return { insert: [row], state: {}, hasMore: false };
  },
});
