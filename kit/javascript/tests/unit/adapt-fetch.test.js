// Compares requests with `fetch`, the package node-fetch and Node's own modules with the originals.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createServer, get as realGet, request as realRequest } from "node:http";
import { after, before, test } from "node:test";

import realFetch from "node-fetch";
import standIn from "../../src/adapt/fetch.js";
import standInHttp from "../../src/adapt/node-http.js";
import { sourceOf } from "../../src/connector.js";
import { Response, fakeHost, httpError } from "weld-connector/testing";

const ANSWER = { "content-type": "application/json", "x-answer": "yes" };
const answered = ({ method, path, body }) => JSON.stringify({ method, path, body, id: 1 });

let server;
let origin;
before(async () => {
  server = createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString();
      response.writeHead(statusOf(request.url), { ...ANSWER, connection: "close" });
      response.end(answered({ method: request.method, path: request.url, body }));
    });
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  origin = `http://127.0.0.1:${server.address().port}`;
});
after(() => server.close());

const statusOf = (path) => Number(/\d{3}/.exec(path)?.[0] ?? 200);

/** The result of a call within a component, whose host answers like the server. */
function within(call) {
  const host = fakeHost({
    fetch({ method, url, body }) {
      const path = url.slice(origin.length);
      const text = body === undefined ? "" : Buffer.from(body).toString();
      return new Response(answered({ method, path, body: text }), { status: statusOf(path), headers: ANSWER });
    },
  });
  return host.schema(sourceOf({ schema: () => ({ what: "a test", begin: call, end: (result) => result }) }));
}

const FETCHES = {
  json: async (fetch) => (await fetch(`${origin}/a?b=c`)).json(),
  "text of a POST": async (fetch) => (await fetch(`${origin}/`, { method: "POST", body: "text" })).text(),
  "a form": async (fetch) =>
    (await fetch(`${origin}/`, { method: "post", body: new URLSearchParams({ a: "b c" }) })).json(),
  "a status and its text": async (fetch) => {
    const { ok, status, statusText } = await fetch(`${origin}/404`);
    return { ok, status, statusText };
  },
  buffer: async (fetch) => (await (await fetch(`${origin}/`)).buffer()).toString("base64"),
  headers: async (fetch) => {
    const { headers } = await fetch(`${origin}/`);
    return [headers.get("X-Answer"), headers.has("x-none"), headers.raw()["x-answer"]];
  },
  "options for connections": async (fetch) =>
    (await fetch(`${origin}/`, { agent: undefined, timeout: 0, compress: true, size: 0, follow: 5 })).status,
  "headers of its own class": async (fetch) => {
    const headers = new fetch.Headers({ "X-A": "b" });
    return [(await fetch(`${origin}/`, { headers })).status, headers.get("x-a")];
  },
};

for (const [name, call] of Object.entries(FETCHES)) {
  test(`fetch: ${name}`, async () => {
    assert.deepEqual(await within(() => call(standIn)), await call(realFetch));
  });
}

const whole = (response) =>
  new Promise((resolve, reject) => {
    let text = "";
    response.setEncoding("utf8");
    response.on("data", (chunk) => (text += chunk));
    response.on("end", () => resolve({ status: response.statusCode, words: response.statusMessage, text }));
    response.on("error", reject);
  });

const asked = ({ request }, ...values) =>
  new Promise((resolve, reject) => {
    const sent = request(...values, (response) => whole(response).then(resolve, reject));
    sent.on("error", reject);
    sent.end();
  });

const REQUESTS = {
  "get of a URL": ({ get }) => new Promise((done) => get(`${origin}/a?b=c`, (response) => done(whole(response)))),
  "get of options": ({ get }) =>
    new Promise((done) => {
      const { hostname, port } = new URL(origin);
      get({ hostname, port, path: "/a" }, (response) => done(whole(response)));
    }),
  "request of a URL and options": (http) => asked(http, new URL(`${origin}/a`), { method: "DELETE" }),
  "request of a URL as a text": (http) => asked(http, `${origin}/404`, { headers: { "X-A": 1 } }),
  "a body in pieces": (http) =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(origin);
      const headers = { "Content-Type": "text/plain", "Content-Length": 4 };
      const sent = http.request({ host: hostname, port, method: "POST", path: "/", headers });
      sent.on("response", (response) => whole(response).then(resolve, reject));
      sent.write("ab");
      sent.write(Buffer.from("cd"));
      sent.end();
    }),
  "chunks as bytes": ({ get }) =>
    new Promise((done) => {
      get(`${origin}/`, (response) => {
        const chunks = [];
        response.on("data", (chunk) => chunks.push(chunk)).on("end", () => done(Buffer.concat(chunks).toString()));
      });
    }),
  "chunks by a loop": ({ get }) =>
    new Promise((done, fail) => {
      get(`${origin}/`, async (response) => {
        try {
          let text = "";
          for await (const chunk of response) text += chunk;
          done([text, response.headers["x-answer"]]);
        } catch (error) {
          fail(error);
        }
      });
    }),
};

for (const [name, call] of Object.entries(REQUESTS)) {
  test(`http: ${name}`, async () => {
    assert.deepEqual(await within(() => call(standInHttp)), await call({ get: realGet, request: realRequest }));
  });
}

test("a failed request of Node's own modules is reported to its listener", async () => {
  const host = fakeHost({
    fetch() {
      throw httpError("failed", "the connection broke");
    },
  });
  const begin = () => asked(standInHttp, "https://h/").catch((error) => error);
  const error = await host.schema(sourceOf({ schema: () => ({ what: "a test", begin, end: (result) => result }) }));
  assert.equal(error.code, "ECONNREFUSED");
  assert.match(error.message, /the connection broke/);
  const source = sourceOf({
    schema: () => ({ what: "a test", begin: () => asked(standInHttp, "https://h/"), end: (_) => _ }),
  });
  await assert.rejects(host.schema(source), { tag: "upstream" });
});
