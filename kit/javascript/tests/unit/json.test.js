import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";

import { connector, fetch } from "weld-connector";
import { Response, fakeHost } from "weld-connector/testing";
import { Decimal } from "../../src/decimal.js";
import { write, writeRows } from "../../src/json.js";
import { parseJson } from "../../src/parse.js";

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

test("a Date is written in ISO 8601 and a BigInt exactly, at any depth", () => {
  const row = { at: new Date(Date.UTC(2024, 1, 29)), big: 2n ** 64n, deep: [{ big: -(2n ** 63n), at: new Date(0) }] };
  assert.equal(
    writeRows([{ id: 1 }, row]),
    '[{"id":1},{"at":"2024-02-29T00:00:00.000Z","big":18446744073709551616,' +
      '"deep":[{"big":-9223372036854775808,"at":"1970-01-01T00:00:00.000Z"}]}]',
  );
});

test("values that are written step by step are written as by JSON.stringify, too", () => {
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

test("a value that JSON can't represent is an error that names row and field", () => {
  const circle = {};
  circle.self = circle;
  const cases = [
    [NaN, /^row 2 of the page, field "x": NaN is not a JSON number/],
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
    [circle, /^row 2 of the page, field "[^"]{1,200}…": the value is nested too deeply, or contains itself/],
  ];
  for (const [x, message] of cases) {
    assert.throws(() => writeRows([{ x: 1 }, { x }]), { message });
  }
});

test("a row must be an object", () => {
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

test("deep values are written completely", () => {
  let value = 1;
  for (let depth = 0; depth < 300; depth++) value = [value];
  assert.equal(write({ value }, "x"), JSON.stringify({ value }));
});

test("numbers that a Number can't hold are kept, and written unchanged", () => {
  const exact = [
    '{"id":9007199254740993,"n":-12345678901234567890,"s":"12345678901234567890","safe":9007199254740991}',
    '[{"12345678901234567890":12345678901234567890}]',
    '["\\u0001i12345678901234567890",12345678901234567890,"\\\\\\"12345678901234567890"]',
    '{"\\u0001i1":12345678901234567890}',
    '[1,"no long number"]',
    "[0.12345678901234567890,1234567890123456789.5,-1234567890123456e400,123456789012345678e-4]",
    '{"__proto__":9007199254740993}',
    '{"text":"the id: 9007199254740993, or 9007199254740995","id":9007199254740997}',
    '["a, 9007199254740993"]',
    `[${"0,".repeat(40)}9007199254740993,${"1".repeat(70)}]`,
    "[[[0.1000000000000000055511151231257827]],9007199254740992]",
  ];
  for (const text of exact) assert.equal(write(parseJson(text), "x"), text);
  // At any place in the text.
  for (let before = 0; before < 40; before++) {
    assert.deepEqual(parseJson(`${" ".repeat(before)}[9007199254740993 ]`), [9007199254740993n]);
    assert.equal(parseJson(`${" ".repeat(before)}9007199254740993`), 9007199254740993n);
  }
  assert.deepEqual(parseJson("[9007199254740993, 9007199254740992]"), [9007199254740993n, 9007199254740992n]);
  assert.deepEqual(parseJson('[9007199254740993, "\\u0001s1"]')[1], "\u0001s1");
  assert.throws(() => parseJson("[12345678901234567890"), SyntaxError);
  assert.throws(() => parseJson("[1234567890123456789.]"), SyntaxError);
});

test("numbers that a Number can hold stay Numbers", () => {
  for (const text of [
    "0.1",
    "1.10",
    "100000000000000000.0e-10",
    "0.30000000000000004",
    "1.7976931348623157e308",
    "5e-324",
    "9007199254740991",
    "-0.000",
    "1e2",
    "12345678901234567e3",
    "1.00000000000000000000",
    "123456789012.3400000000",
  ]) {
    assert.equal(typeof parseJson(`[${text}]`)[0], "number", text);
    assert.equal(parseJson(`[${text}]`)[0], Number(text), text);
  }
  assert.deepEqual(parseJson('{"hash":"5e123a","at":"2026.11.29.16.45.00","id":"12345678901234567890"}'), {
    hash: "5e123a",
    at: "2026.11.29.16.45.00",
    id: "12345678901234567890",
  });
});

test("a Decimal is shown with its digits, in the log and in Node", async () => {
  const row = parseJson('{"id": 9007199254740993, "price": 0.12345678901234567890}');
  const fetchPage = () => {
    console.log(row, row.price);
    return { insert: [], state: null, hasMore: false };
  };
  const host = fakeHost();
  await host.fetchPage(connector({ tables: { t: { fields: {}, fetchPage } } }), "t", {});
  const digits = "0.12345678901234567890";
  assert.deepEqual(host.logs, [{ level: "info", message: `{id: 9007199254740993n, price: ${digits}} ${digits}` }]);
  assert.equal(inspect(row), `{ id: 9007199254740993n, price: Decimal ${digits} }`);
});

test("a Decimal has its digits and its Number, and is not converted silently", () => {
  const [price] = parseJson("[0.12345678901234567890]");
  assert.ok(price instanceof Decimal);
  assert.equal(String(price), "0.12345678901234567890");
  assert.equal(`${price}`, "0.12345678901234567890");
  assert.equal(Number(price), 0.12345678901234568);
  assert.throws(() => price + 1, TypeError);
  assert.throws(() => JSON.stringify({ price }), TypeError);
  for (const text of ["", "1.", "NaN", "01", "1 ", "0x1"]) assert.throws(() => new Decimal(text), TypeError, text);
});

test("NaN and Infinity are an error that names the place, or become the author's value", () => {
  for (const [text, message] of [
    ['{"rows":[{},{},{},{"price":NaN}]}', /^rows\[3\]\.price is NaN, which JSON does not have; .*notNumbers: null/],
    ["[-Infinity]", /^\[0\] is -Infinity/],
    ["Infinity", /^the text is Infinity/],
  ]) {
    assert.throws(() => parseJson(text), { name: "SyntaxError", message });
  }
  const text = '{"a":NaN,"b":[-Infinity,"NaN",9007199254740993]}';
  assert.deepEqual(parseJson(text, { notNumbers: null }), { a: null, b: [null, "NaN", 9007199254740993n] });
  // A text that is invalid in another way is still a syntax error.
  assert.throws(() => parseJson('{"a":NaN,}', { notNumbers: null }), SyntaxError);
  assert.throws(() => parseJson("[NaNs]", { notNumbers: null }), SyntaxError);
});

test("json() keeps two long ids apart, in rows and in the state", async () => {
  const body = '[{"id":9007199254740993,"price":0.12345678901234567890},{"id":9007199254740992,"price":1.5}]';
  const source = connector({
    tables: {
      t: {
        primaryKey: "id",
        async fetchPage({ after }) {
          const insert = await (await fetch("https://api.example.com/")).json();
          return { insert, state: { after: insert[0].id, before: after ?? null }, hasMore: false };
        },
      },
    },
  });
  const host = fakeHost({ fetch: () => new Response(body) });
  const { insert, state } = await host.fetchPage(source, "t", { after: 9007199254740993n });
  assert.equal(write(insert, "x"), body);
  assert.deepEqual(state, { after: 9007199254740993n, before: 9007199254740993n });
});
