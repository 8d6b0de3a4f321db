import assert from "node:assert/strict";
import { test } from "node:test";

import { parseJson, write, writeRows } from "../../src/json.js";

test("rows of plain values are written as JSON.stringify does", () => {
  const rows = [
    {
      id: 1,
      name: "é\u2028\ud800",
      none: null,
      left: undefined,
      list: [1, undefined, [true]],
      deep: { a: { b: -0.5 } },
    },
    {},
  ];
  assert.equal(writeRows(rows), JSON.stringify(rows));
});

test("a Date is written in ISO 8601, a BigInt exactly, at any depth", () => {
  const row = { at: new Date(Date.UTC(2024, 1, 29)), big: 2n ** 64n, deep: [{ big: -(2n ** 63n), at: new Date(0) }] };
  assert.equal(
    writeRows([{ id: 1 }, row]),
    '[{"id":1},{"at":"2024-02-29T00:00:00.000Z","big":18446744073709551616,' +
      '"deep":[{"big":-9223372036854775808,"at":"1970-01-01T00:00:00.000Z"}]}]',
  );
});

test("what is written step by step is written as JSON.stringify does, too", () => {
  class Point {
    x = 1;
    hidden = undefined;
  }
  const value = {
    point: new Point(),
    bare: Object.assign(Object.create(null), { a: 1 }),
    url: new URL("https://example.com/é"),
    boxed: [new Number(1), new String("s"), new Boolean(false)],
    holes: [1, , 3],
    'quo"te': "\n",
  };
  assert.equal(write(value, "x"), JSON.stringify(value));
});

test("what JSON can't hold is an error that names row and field", () => {
  const circle = {};
  circle.self = circle;
  const cases = [
    [NaN, /^row 2 of the page, field "x": NaN is no number of JSON/],
    [-Infinity, /field "x": -Infinity/],
    [{ y: [0, NaN] }, /field "x\.y\[1\]": NaN/],
    [new Date(NaN), /field "x": the Date is invalid/],
    [() => 1, /field "x": a function can't/],
    [Symbol("s"), /a symbol/],
    [new Map([[1, 2]]), /a Map/],
    [new Set(), /a Set/],
    [new Uint8Array(1), /an? Uint8Array/],
    [Promise.resolve(), /a Promise/],
    [/x/, /a RegExp/],
    [new Error("x"), /an Error/],
    [{ toJSON: () => NaN }, /field "x": NaN/],
    [circle, /^row 2 of the page, field "[^"]{1,200}…": it is nested too deeply, or contains itself/],
  ];
  for (const [x, message] of cases) {
    assert.throws(() => writeRows([{ x: 1 }, { x }]), { message });
  }
});

test("a row is an object", () => {
  for (const [row, what] of [
    [null, "null"],
    [[1], "an array"],
    ["text", '"text"'],
    [undefined, "undefined"],
    [new Date(0), "a Date"],
  ]) {
    assert.throws(() => writeRows([{}, row]), { message: `row 2 of the page is ${what}, not an object` });
  }
});

test("deep values are written whole", () => {
  let value = 1;
  for (let depth = 0; depth < 300; depth++) value = [value];
  assert.equal(write({ value }, "x"), JSON.stringify({ value }));
});

test("integers that a Number can't hold are read as BigInts, and written again as they were", () => {
  const exact = [
    '{"id":9007199254740993,"n":-12345678901234567890,"s":"12345678901234567890","safe":9007199254740991}',
    '[{"12345678901234567890":12345678901234567890}]',
    '["\\u0001i12345678901234567890",12345678901234567890,"\\\\\\"12345678901234567890"]',
    '{"\\u0001i1":12345678901234567890}',
    '[1,"no long number"]',
  ];
  for (const text of exact) assert.equal(write(parseJson(text), "x"), text);
  assert.equal(parseJson("[9007199254740993]")[0], 9007199254740993n);
  assert.deepEqual(parseJson('[9007199254740993, "\\u0001s1"]')[1], "\u0001s1");
  for (const text of [
    "0.12345678901234567890",
    "1234567890123456789.5",
    "12345678901234567e3",
    "1e-1234567890123456789",
  ]) {
    assert.equal(parseJson(`[${text}]`)[0], Number(text), text);
  }
  assert.throws(() => parseJson("[12345678901234567890"), SyntaxError);
});
