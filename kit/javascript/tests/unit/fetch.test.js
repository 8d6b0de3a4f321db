import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { defineConnector, expectOk, fetch, Headers, Request, Response } from "weld-connector";
import { fakeHost, httpError } from "weld-connector/testing";
import { millisecondsUntil, rateLimit } from "../../src/refusal.js";
import { AbortSignal as OurSignal } from "../../src/web/abort.js";

// The result of `call` within a page.
async function inPage(host, call) {
  let value;
  const source = defineConnector({
    schema: () => [],
    async fetchPage() {
      value = await call();
      return { insert: [], state: {}, hasMore: false };
    },
  });
  await host.fetchPage(source, "any");
  return value;
}

const answering = (answer) => fakeHost({ fetch: () => answer });

test("a request is sent unchanged, with the contract's own options", async () => {
  const host = answering(new Response("ok"));
  await inPage(host, () =>
    fetch(new URL("https://api.example.com/x?q=1"), {
      method: "post",
      headers: { "X-Token": " t ", Accept: "a" },
      body: new URLSearchParams({ a: "1 2" }),
      timeout: 1.5,
      idempotent: true,
      credential: "api",
    }),
  );
  assert.deepEqual(host.requests, [
    {
      method: "POST",
      url: "https://api.example.com/x?q=1",
      headers: { accept: "a", "content-type": "application/x-www-form-urlencoded;charset=UTF-8", "x-token": "t" },
      body: "a=1+2",
      timeout: 2,
      idempotent: true,
      credential: "api",
    },
  ]);
});

test("bodies are text or bytes, and other values are refused", async () => {
  const host = answering(new Response("ok"));
  for (const body of ["text\ud800", new Uint8Array([255, 1]).subarray(1), new Uint16Array([258]).buffer]) {
    await inPage(host, () => fetch("https://h/", { method: "PUT", body }));
  }
  assert.deepEqual(
    host.requests.map(({ body }) => body),
    ["text\ufffd", new Uint8Array([1]), new Uint8Array([2, 1])],
  );
  assert.equal(host.requests[0].headers["content-type"], "text/plain;charset=UTF-8");
  for (const body of [{ a: 1 }, 5, []]) {
    assert.throws(() => new Request("https://h/", { method: "POST", body }), /JSON\.stringify/);
  }
  assert.throws(() => new Request("https://h/", { body: "x" }), /a GET request can't have a body/);
});

test("invalid options are refused", () => {
  assert.throws(() => new Request("https://h/", { timeout: -1 }), /timeout of fetch is -1/);
  assert.throws(() => new Request("https://h/", { method: "GE T" }), /not a valid HTTP method/);
});

test("a request can be created from another one", async () => {
  const first = new Request("https://h/", { method: "POST", body: "x", headers: { a: "1" }, credential: "c" });
  const second = new Request(first, { headers: { b: "2" } });
  assert.deepEqual(
    [second.method, second.url, [...second.headers], second.credential, await second.text()],
    [
      "POST",
      "https://h/",
      [
        ["b", "2"],
        ["content-type", "text/plain;charset=UTF-8"],
      ].slice(0, 1),
      "c",
      "x",
    ],
  );
  assert.equal(await first.text(), "x");
  await assert.rejects(first.text(), /already been read/);
});

test("a response has everything that the host read", async () => {
  const response = await inPage(
    fakeHost({
      fetch: () =>
        new Response('\ufeff{"a":1}', {
          status: 201,
          headers: [
            ["Link", "a"],
            ["link", "b"],
            ["set-cookie", "x, y"],
            ["set-cookie", "z"],
          ],
        }),
    }),
    () => fetch("https://h"),
  );
  assert.deepEqual([response.status, response.ok, response.url, response.redirected], [201, true, "https://h", false]);
  assert.equal(response.headers.get("LINK"), "a, b");
  assert.deepEqual(response.headers.getSetCookie(), ["x, y", "z"]);
  assert.deepEqual(await response.clone().json(), { a: 1 });
  assert.equal(await response.clone().text(), '{"a":1}');
  assert.equal(new TextDecoder().decode(await response.arrayBuffer()), '{"a":1}');
  assert.equal(response.bodyUsed, true);
  await assert.rejects(response.text(), /already been read/);
  assert.throws(() => response.clone(), /already been read/);
});

test("a body that is not UTF-8 can be read as bytes, but not as text", async () => {
  const response = await inPage(answering(new Response(new Uint8Array([0x61, 0xff]))), () => fetch("https://h/"));
  assert.deepEqual(await response.clone().bytes(), new Uint8Array([0x61, 0xff]));
  await assert.rejects(response.text(), { name: "TypeError", message: /^the response to GET https:\/\/\S+ is not valid UTF-8/ });
});

test("headers behave as in Node", () => {
  const changes = (H) => {
    const headers = new H([
      ["B", " 2\t"],
      ["a", "1"],
      ["b", "3"],
    ]);
    headers.set("C", 4);
    headers.append("a", "5");
    headers.delete("c");
    const seen = [];
    headers.forEach((value, name) => seen.push(name, value));
    return [
      [...headers],
      [...headers.keys()],
      [...headers.values()],
      seen,
      headers.has("B"),
      headers.get("x"),
      [...new H(headers)],
      [...new H({ Z: "1" })],
    ];
  };
  assert.deepEqual(changes(Headers), changes(globalThis.Headers));
  for (const H of [Headers, globalThis.Headers]) {
    assert.throws(() => new H({ "a b": "1" }), TypeError);
    assert.throws(() => new H({ a: "1\n2" }), TypeError);
    assert.throws(() => new H([["a"]]), TypeError);
  }
});

test("a failed request is a TypeError and, if uncaught, the contract's error that it means", async () => {
  const cases = [
    ["denied", "add a rule", { tag: "misconfigured", val: "GET https://h/x: add a rule" }],
    ["invalid", "no URL", { tag: "misconfigured", val: "GET https://h/x: no URL" }],
    ["credentials", "refused", { tag: "unauthorized", val: "GET https://h/x: refused" }],
    ["timeout", undefined, { tag: "upstream", val: "GET https://h/x: the API did not answer in time" }],
    [
      "too-large",
      undefined,
      { tag: "upstream", val: "GET https://h/x: the API's response is too large" },
    ],
    ["over-limit", "calls", { tag: "other", val: "GET https://h/x: calls" }],
    ["unavailable", 7, { tag: "rate-limited", val: 7 }],
    ["failed", "no route", { tag: "upstream", val: "GET https://h/x: no route" }],
  ];
  for (const [tag, val, expected] of cases) {
    const host = fakeHost({
      fetch() {
        throw httpError(tag, val);
      },
    });
    const caught = await inPage(host, () => fetch("https://h/x?token=secret").catch((error) => error));
    assert.ok(caught instanceof TypeError && caught.kind === tag, tag);
    assert.doesNotMatch(caught.message, /secret/);
    await assert.rejects(
      inPage(host, () => fetch("https://h/x?token=secret")),
      expected,
    );
    assert.deepEqual(host.logs, [], "the stack of a contract's error is not logged");
  }
});

test("expectOk throws the error that a status means", async () => {
  const respond = (status, body = "", headers = {}) => new Response(body, { status, headers });
  const kept = respond(204);
  assert.equal(await expectOk(kept), kept);
  const cases = [
    [respond(401, "no"), { payload: { tag: "unauthorized", val: "the API answered 401: no" } }],
    [respond(403), { payload: { tag: "unauthorized", val: "the API answered 403" } }],
    [respond(403, "", { "retry-after": "30" }), { payload: { tag: "rate-limited", val: 30_000 } }],
    [respond(429, "", { "retry-after": "30" }), { payload: { tag: "rate-limited", val: 30_000 } }],
    [respond(429), { payload: { tag: "rate-limited", val: undefined } }],
    [respond(500, "<h1>\n  Out\n</h1>"), { payload: { tag: "upstream", val: "the API answered 500: <h1> Out </h1>" } }],
    [respond(302), { name: "Upstream" }],
    [respond(404), { name: "Upstream" }],
  ];
  for (const [response, error] of cases) await assert.rejects(expectOk(Promise.resolve(response)), error);
  await assert.rejects(expectOk(respond(410), { cursor: true }), { name: "InvalidState" });
  await assert.rejects(expectOk(respond(500, "ö".repeat(1000))), ({ message }) =>
    message.endsWith(`${"ö".repeat(200)}…`),
  );
});

test("the errors of a response name its request, without what may be secret in the URL", async () => {
  const url = "https://user:secret@h/books?token=secret#secret";
  for (const [method, answer, expected] of [
    ["GET", new Response("no such page", { status: 404 }), "GET https://h/books answered 404: no such page"],
    ["POST", new Response("", { status: 500 }), "POST https://h/books answered 500"],
  ]) {
    await assert.rejects(inPage(answering(answer), () => expectOk(fetch(url, { method }))), { val: expected });
    const copied = answering(answer);
    await assert.rejects(inPage(copied, async () => expectOk((await fetch(url, { method })).clone())), { val: expected });
  }
});

const NOW = Date.parse("Wed, 21 Oct 2026 07:28:00 GMT");
const SPENT = { "x-ratelimit-remaining": "0" };

test("a time is a number of seconds, a time since 1970, or a date", () => {
  const cases = [
    ["30", 30_000],
    ["0.5", 500],
    [String(NOW / 1000 + 7), 7000],
    [String(NOW + 7000), 7000],
    ["Wed, 21 Oct 2026 07:28:05 GMT", 5000],
    ["Wed, 21 Oct 2026 07:27:00 GMT", 0],
    ["soon", undefined],
    ["-1", undefined],
    ["", undefined],
    [null, undefined],
  ];
  for (const [value, expected] of cases) assert.equal(millisecondsUntil(value, NOW), expected, value);
});

test("dates in headers are read as in the other kits", () => {
  const table = JSON.parse(readFileSync(new URL("../../../time.json", import.meta.url), "utf8"));
  for (const { what, text, time } of table.headers) {
    const moment = time === null ? NOW : Date.parse(time);
    assert.equal(millisecondsUntil(text, moment - 5000), time === null ? undefined : 5000, what);
  }
});

test("a refusal with a wait or a used-up quota is a rate limit", () => {
  const left = { "x-ratelimit-remaining": "4000" };
  const cases = [
    [403, { "retry-after": "7", ...left }, 7000],
    [400, { "x-retry-after": "7" }, 7000],
    [503, { "retry-after": "7" }, 7000],
    [500, { "retry-after-ms": "350", "retry-after": "1" }, 350],
    [529, { "x-ratelimit-reset-after": "0.5" }, 500],
    [403, { ...SPENT, "x-ratelimit-reset": String(NOW / 1000 + 7) }, 7000],
    [400, { ...SPENT, "x-ratelimit-reset": "7" }, 7000],
    [403, SPENT, undefined],
    [400, { ...left, "x-ratelimit-minutely-remaining": "0", "x-ratelimit-minutely-reset": "7" }, 7000],
    [429, {}, undefined],
    [429, { "retry-after": "99999999999" }, 4_294_967_295],
    [429, { "retry-after": "0" }, 0],
    [429, { "retry-after": "0", ...SPENT, "x-ratelimit-reset": "7" }, 7000],
    [420, {}, undefined],
  ];
  for (const [status, headers, wait] of cases) {
    assert.deepEqual(rateLimit(status, new Headers(headers), NOW), { wait }, `${status} ${JSON.stringify(headers)}`);
  }
});

test("other refusals are not rate limits", () => {
  const cases = [
    [403, {}],
    [403, { "retry-after": "0" }],
    [403, { "retry-after": "soon" }],
    [403, { "x-ratelimit-remaining": "4000", "x-ratelimit-reset": "7" }],
    [403, { "x-ratelimit-remaining": "1", "x-ratelimit-reset-after": "7" }],
    [403, { ...SPENT, "x-ratelimit-reset": String(NOW / 1000 - 7) }],
    [401, { "retry-after": "7" }],
    [404, { "retry-after": "7" }],
    [404, SPENT],
    [422, SPENT],
    [503, {}],
    [200, { "retry-after": "7" }],
  ];
  for (const [status, headers] of cases) {
    assert.equal(rateLimit(status, new Headers(headers), NOW), undefined, `${status} ${JSON.stringify(headers)}`);
  }
});

test("a response that is not valid JSON is a SyntaxError and, if uncaught, an upstream error", async () => {
  const host = answering(new Response("no\n luck"));
  const caught = await inPage(host, async () => (await fetch("https://h/")).json().catch((error) => error));
  assert.ok(caught instanceof SyntaxError);
  await assert.rejects(
    inPage(host, async () => (await fetch("https://h/")).json()),
    {
      tag: "upstream",
      message: /the response to GET https:\/\/h\/ is not valid JSON: [^]*: no luck$/,
    },
  );
});

test("an error says what a body is instead of JSON", async () => {
  for (const [body, words] of [
    ["", "is not valid JSON: its body is empty"],
    [" \r\n ", "is not valid JSON: its body is empty"],
    ["<html>\n nope", "is HTML, not JSON: <html> nope"],
    ["\n<!DOCTYPE HTML><x>", "is HTML, not JSON: <!DOCTYPE HTML><x>"],
    ["<?xml version='1.0'?><error/>", "is XML, not JSON: <?xml version='1.0'?><error/>"],
  ]) {
    const host = answering(new Response(body));
    await assert.rejects(
      inPage(host, async () => (await fetch("https://h/")).json()),
      { tag: "upstream", message: `upstream: the response to GET https://h/ ${words}` },
    );
  }
});

test("Response.json sets the body and its content type", async () => {
  const response = Response.json([1], { status: 202 });
  assert.deepEqual(
    [response.status, response.headers.get("content-type"), await response.json()],
    [202, "application/json", [1]],
  );
  assert.throws(() => new Response("", { status: 700 }), RangeError);
});

test("a signal limits a request: by being aborted, by its own timeout, or by the next timer", async () => {
  const asked = [];
  const host = fakeHost({
    fetch(request) {
      asked.push(request.timeout);
      if (request.url.endsWith("/slow")) throw httpError("timeout");
      return new Response("ok");
    },
  });
  await inPage(host, async () => {
    await assert.rejects(fetch("https://h/", { signal: AbortSignal.abort() }), { name: "AbortError" });
    assert.deepEqual(asked, []);
    await fetch("https://h/", { signal: new AbortController().signal });
    await fetch("https://h/", { signal: OurSignal.timeout(5000), timeout: 9000 });
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), 3000);
    await fetch("https://h/", { signal: controller.signal });
    await assert.rejects(fetch("https://h/slow", { signal: controller.signal }), { name: "AbortError" });
    clearTimeout(timer);
    await assert.rejects(fetch("https://h/slow", { timeout: 10 }), { kind: "timeout" });
  });
  const [free, own, ...timers] = asked;
  assert.equal(free, undefined);
  assert.ok(own > 0 && own <= 5000, String(own));
  assert.deepEqual(timers, [3000, 3000, 10]);
});
