// Tests Lambdas with all forms of a response.

import assert from "node:assert/strict";
import { test } from "node:test";

import { functionConnector } from "weld-connector/adapt";
import { fakeHost } from "weld-connector/testing";

const PAGE = { insert: [{ id: 1 }], state: { next: 2 }, hasMore: true };
const connector = (handler) => functionConnector({ load: () => ({ handler }), keys: [{ header: "authorization", prefix: "Bearer ", variable: "WELD_API_KEY" }] });
const pageOf = (handler) => fakeHost().fetchPage(connector(handler), "orders", { next: 1 });

test("a response comes from a promise, a callback or the context, complete or as a value", async () => {
  const body = JSON.stringify(PAGE);
  const forms = {
    "a bare value": async (event) => (event ? PAGE : undefined),
    "a status and a text": async (event) => ({ statusCode: 200, body, event: undefined }),
    "a status and an object": async (event) => ({ statusCode: 200, body: PAGE }),
    "a status as a text": async (event) => ({ statusCode: "200", body }),
    base64: async (event) => ({ statusCode: 200, isBase64Encoded: true, body: Buffer.from(body).toString("base64") }),
    "a text of JSON": async (event) => body,
    "JSON written twice": async (event) => ({ statusCode: 200, body: JSON.stringify(body) }),
    "a callback": (event, context, callback) => callback(null, { statusCode: 200, body }),
    "a callback, later": (event, context, callback) => void setTimeout(() => callback(null, PAGE), 5),
    "an async function with a callback": async (event, context, callback) => {
      await null;
      callback(null, PAGE);
    },
    "context.succeed": (event, context, callback) => context.succeed(PAGE),
    "context.done": (event, context, callback) => context.done(null, PAGE),
    "a promise of a function that is not async": (event, context) => Promise.resolve(PAGE),
  };
  for (const [form, handler] of Object.entries(forms)) {
    assert.deepEqual(await pageOf(handler), { ...PAGE, wait: undefined }, form);
  }
});

test("the event is payload 2.0 and the context has the time", async () => {
  const events = [];
  const source = connector(async (event, context) => {
    events.push([event, context]);
    if (event.rawPath === "/schema") return { schema: { orders: { primary_key: ["id"] } } };
    return PAGE;
  });
  const host = fakeHost({ env: { WELD_API_KEY: "key" } });
  await host.schema(source);
  await host.fetchPage(source, "orders", { next: 1 });
  const [[get, context], [post]] = events;
  assert.deepEqual(
    [get.version, get.rawPath, get.rawQueryString, get.requestContext.http.method, get.isBase64Encoded, "body" in get],
    ["2.0", "/schema", "", "GET", false, false],
  );
  assert.equal(get.headers.authorization, "Bearer key");
  assert.deepEqual([post.rawPath, post.requestContext.http.method], ["/", "POST"]);
  assert.deepEqual(JSON.parse(post.body), { name: "orders", state: { next: 1 } });
  assert.ok(Object.keys(post.headers).every((name) => name === name.toLowerCase()));
  const left = context.getRemainingTimeInMillis();
  assert.ok(left > 800_000 && left <= 900_000);
  assert.match(context.awsRequestId, /^[0-9a-f-]{36}$/);
});

test("a Lambda that fails, refuses or doesn't respond is reported", async () => {
  const cases = [
    [async (event) => {}, "other", /ended without a response: it returned undefined/],
    [async (event) => null, "other", /it returned null/],
    [(event, context, callback) => {}, "other", /ended without a response: .*in a Lambda return a value or pass it/],
    [(event, context, callback) => callback(new Error("no orders")), "other", /Error: no orders/],
    [(event, context, callback) => callback("no orders"), "other", /callback received "no orders" as its error/],
    [(event, context, callback) => context.fail(new Error("no orders")), "other", /no orders/],
    [async (event) => ({ statusCode: 500, body: "db is down" }), "other", /answered 500: db is down/],
    [async (event) => ({ statusCode: 401, body: "no" }), "misconfigured", /it received the value of WELD_API_KEY in the header authorization/],
    [async (event) => ({ statusCode: "soon", body: "" }), "other", /the statusCode is "soon", not a number/],
    [async (event) => ({ statusCode: 200, body: "<html>" }), "other", /response is HTML/],
    [async (event) => ({ statusCode: 200 }), "other", /not valid JSON: nothing/],
  ];
  for (const [handler, tag, message] of cases) {
    await assert.rejects(pageOf(handler), (error) => {
      assert.deepEqual([error.tag, message.test(error.val)], [tag, true], error.message);
      return true;
    });
  }
  const waits = async (event) => ({ statusCode: 429, headers: { "Retry-After": 5 }, body: "" });
  await assert.rejects(pageOf(waits), { tag: "rate-limited", val: 5000 });
});

test("an invalid response of a Lambda is reported with its line", async () => {
  const message = (handler) =>
    fakeHost()
      .fetchPage(functionConnector({ load: () => ({ handler }), file: "index.js", line: 7 }), "t")
      .then(
        () => "",
        ({ val }) => val,
      );
  assert.match(await message(async (event) => void event), /^index\.js:7: the handler ended without a response: it returned undefined/);
  assert.match(await message(async (event) => ({ rows: [], event: !event })), /^index\.js:7: the function's response has no insert/);
  assert.match(await message((event, context, callback) => void callback), /^index\.js:7: the handler ended without a response: call res/);
});
