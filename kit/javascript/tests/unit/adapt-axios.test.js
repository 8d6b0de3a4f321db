// Compares the stand-in for axios with axios itself: the same calls must send the same requests and give the same
// results.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import realAxios from "axios";
import standIn, * as named from "../../src/adapt/axios/index.js";
import { sourceOf } from "../../src/connector.js";
import { Response, fakeHost, httpError } from "weld-connector/testing";

/** The API's response. */
function answer({ path }) {
  const [, status = "200", kind = "json"] = path.split("?")[0].split("/");
  const bodies = {
    json: ["application/json", '{"rows": [1, 2], "id": 12345678901234567890}'],
    text: ["text/plain", "just text"],
    labeled: ["text/html", '{"a": 1}'],
    broken: ["application/json", '{"a": '],
    empty: ["application/json", ""],
    bom: ["application/json", '\ufeff{"a": 1}'],
  };
  const [type, body] = bodies[kind] ?? bodies.json;
  return { status: Number(status), headers: { "content-type": type, "x-answer": "yes", "retry-after": "7" }, body };
}

// Headers of the transport, which the host sets itself.
const TRANSPORT = new Set(["connection", "host", "content-length", "accept-encoding", "user-agent", "transfer-encoding"]);
const compared = (headers) =>
  Object.fromEntries(
    Object.entries(headers)
      .map(([name, value]) => [name.toLowerCase(), value])
      .filter(([name]) => !TRANSPORT.has(name))
      .sort(([one], [other]) => (one < other ? -1 : 1)),
  );

let server;
let received = [];
let origin;
before(async () => {
  server = createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString();
      received.push({ method: request.method, path: request.url, headers: compared(request.headers), body });
      const { status, headers, body: content } = answer({ path: request.url });
      response.writeHead(status, { ...headers, connection: "close" });
      response.end(request.method === "HEAD" ? undefined : content);
    });
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  origin = `http://127.0.0.1:${server.address().port}`;
});
after(() => server.close());

/** The outcome of a call, in the same form for both libraries. */
async function outcome(call, library) {
  try {
    const { status, statusText, data, headers, config } = await call(library.create());
    const shown = Buffer.isBuffer(data) || data instanceof Uint8Array ? `bytes ${Buffer.from(data).toString()}` : data;
    return {
      status,
      statusText,
      data: shown,
      headers: [headers["content-type"], headers["x-answer"], headers.get?.("X-Answer"), headers.get?.("x-none")],
      url: config.url,
      method: config.method,
    };
  } catch (error) {
    const { name, message, code, response, config } = error;
    return {
      thrown: { name, message, code, isAxiosError: library.isAxiosError(error), isError: error instanceof Error },
      response: response && { status: response.status, data: response.data, retry: response.headers["retry-after"] },
      url: config?.url,
    };
  }
}

async function ofReal(call) {
  received = [];
  const result = await outcome(call, realAxios);
  return { result, received };
}

async function ofStandIn(call) {
  const sent = [];
  const host = fakeHost({
    fetch({ method, url, headers, body }) {
      const path = url.slice(origin.length);
      sent.push({ method, path, headers: compared(headers), body: textOf(body) });
      const { status, headers: its, body: content } = answer({ path });
      return new Response(method === "HEAD" ? "" : content, { status, headers: its });
    },
  });
  const source = sourceOf({
    schema: () => ({ what: "a test", begin: () => outcome(call, standIn), end: (result) => result }),
  });
  const result = await host.schema(source);
  return { result, received: sent };
}

const textOf = (body) => (body === undefined ? "" : typeof body === "string" ? body : Buffer.from(body).toString());

const url = (path) => `${origin}${path}`;
const CALLS = {
  get: (axios) => axios.get(url("/200")),
  "get with headers": (axios) =>
    axios.get(url("/200"), { headers: { Authorization: "Bearer t", "X-A": 1, accept: "text/csv" } }),
  "get with params": (axios) =>
    axios.get(url("/200?z=0#part"), { params: { a: "b c", d: 1, e: null, f: undefined, g: true } }),
  "params of lists and objects": (axios) =>
    axios.get(url("/200"), { params: { ids: [1, 2], at: { gte: 1 }, list: [{ a: 1 }] } }),
  "params with signs": (axios) =>
    axios.get(url("/200"), { params: { q: "a:b,c$d&e=f/ü +[x]", t: "2026-01-02T00:00:00Z" } }),
  "params of dates": (axios) => axios.get(url("/200"), { params: { since: new Date(0) } }),
  "params by URLSearchParams": (axios) => axios.get(url("/200"), { params: new URLSearchParams({ a: "b c" }) }),
  "params by a serializer": (axios) =>
    axios.get(url("/200"), { params: { a: [1, 2] }, paramsSerializer: { indexes: null } }),
  "params by a function": (axios) =>
    axios.get(url("/200"), { params: { a: 1 }, paramsSerializer: { serialize: () => "own=1" } }),
  baseURL: (axios) => axios.get("/200", { baseURL: `${origin}/` }),
  "baseURL without a slash": (axios) => axios.get("200/text", { baseURL: origin }),
  "baseURL and a whole URL": (axios) => axios.get(url("/200"), { baseURL: "http://other.example.com" }),
  "an instance": (axios) =>
    axios.create({ baseURL: origin, headers: { "X-Base": "1" } }).get("/200", { headers: { "X-Own": "2" } }),
  "an instance's defaults": (axios) => {
    const api = axios.create({ baseURL: origin });
    api.defaults.headers.common["Authorization"] = "Bearer late";
    api.defaults.headers.get["X-Get"] = "yes";
    api.defaults.params = { key: "k" };
    return api.get("/200", { params: { page: 2 } });
  },
  "an instance's timeout and its own headers": (axios) =>
    axios.create({ timeout: 5000, headers: { common: { "X-C": "1" } } }).get(url("/200")),
  "axios as a function": (axios) => axios({ method: "post", url: url("/200"), data: { a: 1 } }),
  "axios as a function of a URL": (axios) => axios(url("/200"), { headers: { "x-a": "b" } }),
  request: (axios) => axios.request({ url: url("/200"), method: "PUT", data: "text" }),
  "post of an object": (axios) => axios.post(url("/200"), { a: [1, null], at: new Date(0) }),
  "post of a text": (axios) => axios.post(url("/200"), "a=b"),
  "post of JSON as a text": (axios) =>
    axios.post(url("/200"), '{"a": 1}', { headers: { "Content-Type": "application/json" } }),
  "post of a text labeled as JSON": (axios) =>
    axios.post(url("/200"), "plain", { headers: { "Content-Type": "application/json" } }),
  "post of URLSearchParams": (axios) =>
    axios.post(url("/200"), new URLSearchParams({ grant_type: "client_credentials" })),
  "post of an object as a form": (axios) =>
    axios.post(url("/200"), { a: "b c", d: 1 }, { headers: { "Content-Type": "application/x-www-form-urlencoded" } }),
  "post of nothing": (axios) => axios.post(url("/200")),
  "post of null": (axios) => axios.post(url("/200"), null, { headers: { "X-A": "b" } }),
  patch: (axios) => axios.patch(url("/200"), { a: 1 }, { params: { b: 2 } }),
  delete: (axios) => axios.delete(url("/200")),
  "delete with data": (axios) => axios.delete(url("/200"), { data: { a: 1 } }),
  head: (axios) => axios.head(url("/200/empty")),
  "basic auth": (axios) =>
    axios.get(url("/200"), { auth: { username: "me", password: "wörd" }, headers: { Authorization: "x" } }),
  "a text": (axios) => axios.get(url("/200/text")),
  "JSON labeled as HTML": (axios) => axios.get(url("/200/labeled")),
  "broken JSON": (axios) => axios.get(url("/200/broken")),
  "broken JSON with responseType json": (axios) =>
    axios.get(url("/200/broken"), { responseType: "json", transitional: { silentJSONParsing: false } }),
  nothing: (axios) => axios.get(url("/200/empty")),
  "a byte order mark": (axios) => axios.get(url("/200/bom")),
  "responseType text": (axios) => axios.get(url("/200"), { responseType: "text" }),
  "responseType json": (axios) => axios.get(url("/200/text"), { responseType: "json" }),
  "responseType arraybuffer": (axios) => axios.get(url("/200/text"), { responseType: "arraybuffer" }),
  "a transform of the response": (axios) => axios.get(url("/200"), { transformResponse: [(data) => `own ${data}`] }),
  "a transform of the request": (axios) =>
    axios.post(
      url("/200"),
      { a: 1 },
      {
        transformRequest: [
          (data, headers) => {
            headers["X-Made"] = "yes";
            return JSON.stringify({ ...data, b: 2 });
          },
        ],
      },
    ),
  404: (axios) => axios.get(url("/404")),
  401: (axios) => axios.get(url("/401/text")),
  500: (axios) => axios.post(url("/500/text"), { a: 1 }),
  429: (axios) => axios.get(url("/429")),
  204: (axios) => axios.get(url("/204/empty")),
  validateStatus: (axios) => axios.get(url("/404"), { validateStatus: () => true }),
  "validateStatus of some": (axios) => axios.get(url("/500"), { validateStatus: (status) => status < 500 }),
  "validateStatus null": (axios) => axios.get(url("/500"), { validateStatus: null }),
  "interceptors of requests, the last one first": (axios) => {
    const api = axios.create({ baseURL: origin });
    for (const name of ["one", "two"]) {
      api.interceptors.request.use((config) => {
        config.headers["X-Order"] = `${config.headers["X-Order"] ?? ""}${name} `;
        config.headers.set("X-Last", name);
        return config;
      });
    }
    return api.get("/200");
  },
  "interceptors that wait": (axios) => {
    const api = axios.create();
    api.interceptors.request.use(async (config) => {
      await null;
      return { ...config, params: { ...config.params, token: "t" } };
    });
    return api.get(url("/200"), { params: { a: 1 } });
  },
  "interceptors of responses": (axios) => {
    const api = axios.create();
    api.interceptors.response.use((response) => ({ ...response, data: response.data.rows }));
    api.interceptors.response.use((response) => ({ ...response, data: response.data.length }));
    return api.get(url("/200"));
  },
  "an interceptor that recovers from an error": (axios) => {
    const api = axios.create();
    api.interceptors.response.use(undefined, (error) => {
      if (error.response?.status !== 429) return Promise.reject(error);
      return api.request({ ...error.config, url: url("/200") });
    });
    return api.get(url("/429"), { headers: { "X-A": "b" } });
  },
  "an interceptor that is removed again": (axios) => {
    const api = axios.create();
    const id = api.interceptors.request.use(() => {
      throw new Error("it is still there");
    });
    api.interceptors.request.eject(id);
    return api.get(url("/200"));
  },
  "an interceptor that throws": (axios) => {
    const api = axios.create();
    api.interceptors.request.use(() => {
      throw new Error("not this way");
    });
    return api.get(url("/200"));
  },
  "axios.all": async (axios) => (await Promise.all([axios.get(url("/200")), axios.get(url("/200/text"))]))[1],
  "a header that is removed": (axios) => axios.get(url("/200"), { headers: { Accept: null } }),
  "an adapter of the function's own": (axios) =>
    axios.get(url("/200"), {
      adapter: async (config) => ({ data: '{"own": 1}', status: 200, statusText: "Mine", headers: {}, config }),
    }),
};

for (const [name, call] of Object.entries(CALLS)) {
  test(name, async () => {
    const [one, other] = [await ofStandIn(call), await ofReal(call)];
    assert.deepEqual(one, other);
  });
}

/** Runs `call` with a host whose requests fail with this error. */
const failing = (error, call) =>
  fakeHost({
    fetch: () => {
      throw error;
    },
  }).schema(sourceOf({ schema: () => ({ what: "a test", begin: call, end: (result) => result }) }));

test("a request without a response fails as with axios, and is the contract's error if uncaught", async () => {
  const caught = (options) => standIn.get("https://h/", options).catch((error) => error);
  const timeout = await failing(httpError("timeout"), () => caught({ timeout: 50 }));
  assert.deepEqual([timeout.code, timeout.message], ["ECONNABORTED", "timeout of 50ms exceeded"]);
  assert.equal(timeout.response, undefined);
  const failed = await failing(httpError("failed", "the connection broke"), () => caught());
  assert.deepEqual([failed.code, failed.isAxiosError], ["ERR_NETWORK", true]);
  assert.match(failed.message, /the connection broke/);
  for (const [error, tag] of [
    [httpError("timeout"), "upstream"],
    [httpError("denied", "no rule allows it"), "misconfigured"],
    [httpError("unavailable", 5000), "rate-limited"],
  ]) {
    await assert.rejects(
      failing(error, () => standIn.get("https://h/")),
      { tag },
    );
  }
});

test("an uncaught refusal is the contract's error, with an excerpt and without the query", async () => {
  const cases = [
    [401, {}, "unauthorized"],
    [403, {}, "unauthorized"],
    [404, {}, "upstream"],
    [500, {}, "upstream"],
    [429, { "retry-after": "2" }, "rate-limited"],
    [503, { "retry-after": "2" }, "rate-limited"],
  ];
  for (const [status, headers, tag] of cases) {
    const host = fakeHost({ fetch: () => new Response('{"error": "so it is"}', { status, headers }) });
    const begin = () => standIn.get("https://api.example.com/rows?token=secret");
    const source = sourceOf({ schema: () => ({ what: "a test", begin, end: (result) => result }) });
    await assert.rejects(host.schema(source), (error) => {
      assert.equal(error.tag, tag);
      if (tag === "rate-limited") assert.equal(error.val, 2000);
      else assert.match(error.val, /code \d+: GET https:\/\/api\.example\.com\/rows: \{"error":"so it is"\}/);
      return true;
    });
  }
});

test("an unsupported option is an error that names it", async () => {
  const call = (options, data) => () => standIn.post("https://h/", data, options);
  await assert.rejects(
    fakeHost({ fetch: () => new Response("") }).schema(
      sourceOf({
        schema: () => ({ what: "a test", begin: call({ responseType: "stream" }), end: (result) => result }),
      }),
    ),
    /responseType stream is not available: a connector has no streams/,
  );
});

test("the package's exports exist", () => {
  for (const name of [
    "Axios",
    "AxiosError",
    "AxiosHeaders",
    "CancelToken",
    "CanceledError",
    "all",
    "isAxiosError",
    "isCancel",
    "spread",
  ]) {
    assert.equal(typeof named[name], "function", name);
    assert.equal(typeof standIn[name], "function", name);
  }
  assert.equal(standIn.default, standIn);
  assert.equal(standIn.getUri({ url: "/a", baseURL: "https://h", params: { b: 1 } }), "https://h/a?b=1");
});
