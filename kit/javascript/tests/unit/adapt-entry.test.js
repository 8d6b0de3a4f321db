// Tests which function of a module answers requests, and what it is called with.

import assert from "node:assert/strict";
import { test } from "node:test";

import { findEntry } from "../../src/adapt/entry.js";
import { cloudEvent, http, registered } from "../../src/adapt/functions-framework.js";

const found = (module, options = {}) => findEntry(module, { file: "index.js", ...options });
const req = (req, res) => [req, res];
const lambda = async (event) => event;

test("the usual exports are found", () => {
  const cases = [
    [{ handler: lambda }, lambda, "lambda"],
    [{ weldConnector: req }, req, "http"],
    [req, req, "http"],
    [{ default: req, __esModule: true }, req, "http"],
    [{ default: { handler: lambda } }, lambda, "lambda"],
    [{ helper: (a) => a, handler: lambda, LIMIT: 3 }, lambda, "lambda"],
    [{ main: req, other: req }, req, "http"],
    [Object.assign(req.bind(null), { helper: 1 }), undefined, "http"],
  ];
  for (const [module, handler, kind] of cases) {
    const entry = found(module);
    assert.equal(entry.kind, kind, String(handler));
    if (handler !== undefined) assert.equal(entry.handler, handler);
  }
});

test("the kind of a function follows from its parameters", () => {
  const kinds = {
    http: [
      (req, res) => [req, res],
      async (request, response) => [request, response],
      function (_req, _res) {},
      function named(r, resp) {},
      { method(req, res) {} }.method,
      async function (q, res) {},
    ],
    lambda: [
      (event) => event,
      async (event, context) => [event, context],
      (event, context, callback) => callback(null, event, context),
      (event) => event,
      async (evt) => evt,
      ({ rawPath }, ctx) => [rawPath, ctx],
      function handler(e, _context) {},
      (input) => input,
    ],
  };
  for (const [kind, functions] of Object.entries(kinds)) {
    for (const exported of functions) assert.equal(found({ exported }).kind, kind, String(exported));
  }
  assert.equal(found({ handler: (...values) => values }).kind, "lambda");
  assert.equal(found({ handler: (a, b) => [a, b] }).kind, "lambda");
  assert.equal(found({ orders: (...values) => values }).kind, "http");
  assert.equal(found({ orders: (a, b) => [a, b] }).kind, "http");
  assert.equal(found({ handler: lambda }, { kind: "http" }).kind, "http");
});

test("an entry can be named, and one that can't be served is an error", () => {
  assert.equal(found({ one: req, two: lambda }, { entry: "two" }).handler, lambda);
  const app = Object.assign(() => {}, { listen() {}, use() {} });
  const cases = [
    [{}, {}, /index\.js has no function that answers requests/],
    [{ LIMIT: 3 }, {}, /export one, or register one with functions\.http; .*\(LIMIT\)/],
    [undefined, {}, /has no function/],
    [{ one: req, two: req }, {}, /several functions that could answer requests: one, two; choose one with --entry/],
    [{ one: req }, { entry: "three" }, /exports no function three; it exports one/],
    [{ one: 3 }, { entry: "one" }, /exports 3 as one, not a function/],
    [{ app }, {}, /exports an application as app, which can't be served/],
  ];
  for (const [module, options, message] of cases) assert.throws(() => found(module, options), message);
});

test("a function registered with functions-framework takes precedence", () => {
  http("orders", req);
  assert.deepEqual(found({ helper: lambda }), { handler: req, kind: "http" });
  http("others", lambda);
  assert.throws(() => found({}), /several functions that could answer requests: orders, others/);
  assert.equal(found({}, { entry: "others" }).handler, lambda);
  registered.clear();
  cloudEvent("files", lambda);
  assert.throws(() => found({}), /files is a function for cloud events, which can't be served.*functions\.http/);
  registered.clear();
});
