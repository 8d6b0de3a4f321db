// Calls functions (req, res) on their own platform, functions-framework, and through the shim: the responses must be
// the same.

import assert from "node:assert/strict";
import { request } from "node:http";
import { createRequire } from "node:module";
import { after, test } from "node:test";

import { ask } from "../../src/adapt/call.js";
import { functionConnector } from "weld-connector/adapt";
import { fakeHost } from "weld-connector/testing";
import { sourceOf } from "../../src/connector.js";

const require = createRequire(import.meta.url);
const framework = require("@google-cloud/functions-framework/testing");
const { http } = require("@google-cloud/functions-framework");

const servers = [];
after(() => servers.forEach((server) => server.close()));

/** The function's response through the shim. */
async function adapted(handler, message, env = {}) {
  const target = { load: () => handler, file: "index.js", kind: "http", keys: [{ header: "authorization", prefix: "Bearer ", variable: "WELD_API_KEY" }], variables: [] };
  const source = sourceOf({
    schema: () => ({ what: "a test", begin: () => ask(target, message), end: (answer) => answer }),
  });
  const { status, headers, text, parts } = await fakeHost({ env }).schema(source);
  const body = parts ? JSON.stringify({ ...pieces(parts) }) : text;
  return { status, type: headers.get("content-type"), body };
}

const pieces = ({ insert, state, hasMore }) => ({ insert: JSON.parse(insert), state: JSON.parse(state), hasMore });

/** The function's response on its own platform. */
async function original(handler, { method, path, body }) {
  const name = `function${servers.length}`;
  http(name, handler);
  const server = framework.getTestServer(name);
  servers.push(server);
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address();
  const headers = { authorization: "Bearer key", "content-type": "application/json", connection: "close" };
  return new Promise((done, fail) => {
    const asked = request({ port, path, method, headers, agent: false }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => {
        const type = response.headers["content-type"] ?? null;
        done({ status: response.statusCode, type, body: Buffer.concat(chunks).toString() });
      });
    });
    asked.on("error", fail);
    asked.end(body);
  });
}

const PAGE = { method: "POST", path: "/", body: '{"name": "orders", "state": {"after": 7}}' };
const SCHEMA = { method: "GET", path: "/schema" };
const rows = { insert: [{ id: 1, at: new Date(0), none: undefined, bad: NaN }], state: {}, hasMore: false };

const ANSWERS = {
  "json of a page": (req, res) => res.json(rows),
  "json after a status": (req, res) => res.status(201).json(rows),
  "json of an array": (req, res) => res.json([1, { a: null }]),
  "json of nothing": (req, res) => res.json(null),
  "json of a text": (req, res) => res.json("text"),
  "json of an object with toJSON": (req, res) => res.json({ toJSON: () => rows }),
  "send of an object": (req, res) => res.send(rows),
  "send of a text": (req, res) => res.send(JSON.stringify(rows)),
  "send of a text with a type": (req, res) => res.type("json").send(JSON.stringify(rows)),
  "send of bytes": (req, res) => res.send(Buffer.from('{"a": 1}')),
  "send of true": (req, res) => res.send(true),
  "send of nothing": (req, res) => res.send(),
  "a header set in any case": (req, res) => res.set("CONTENT-TYPE", "application/json").send("{}"),
  "headers set together": (req, res) => res.set({ "Content-Type": "text/plain", "X-A": "b" }).send(`${res.get("x-a")}`),
  "setHeader and end": (req, res) => {
    res.setHeader("Content-Type", "application/json");
    res.statusCode = 202;
    res.end(JSON.stringify({ a: 1 }));
  },
  "writeHead, write and end": (req, res) => {
    res.writeHead(200, { "Content-Type": "application/json" });
    res.write('{"a": ');
    res.end("1}");
  },
  "a status alone": (req, res) => res.sendStatus(403),
  "an unknown status alone": (req, res) => res.sendStatus(299),
  "a status and end": (req, res) => res.status(204).end(),
  "a type by its extension": (req, res) => res.type(".html").send("<p>"),
  "a type in full": (req, res) => res.contentType("text/csv").send("a,b"),
  "an async function": async (req, res) => {
    await null;
    res.status(200).json(rows);
  },
  "an answer in a callback": (req, res) => {
    setTimeout(() => res.json(rows), 5);
  },
  "an answer in a promise": (req, res) => {
    Promise.resolve(rows).then((value) => res.send(value));
  },
  "a second answer that is caught": (req, res) => {
    res.json({ first: true });
    try {
      res.json({ second: true });
    } catch (error) {
      assert.equal(error.code, "ERR_HTTP_HEADERS_SENT");
    }
  },
  "an error of serialization, caught": (req, res) => {
    try {
      res.json({ insert: [{ id: 1n }], state: {}, hasMore: false });
    } catch (error) {
      res.status(500).send(error.constructor.name);
    }
  },
  "headersSent before and after": (req, res) => {
    const before = res.headersSent;
    res.on("finish", () => assert.equal(res.writableEnded, true));
    res.send({ before });
  },
};

for (const [name, handler] of Object.entries(ANSWERS)) {
  test(`response: ${name}`, async () => {
    for (const message of [PAGE, SCHEMA]) {
      assert.deepEqual(await adapted(handler, message), await original(handler, message));
    }
  });
}

test("a request has the same members as with functions-framework", async () => {
  const handler = (req, res) => {
    const { method, url, originalUrl, baseUrl, path, query, params, body } = req;
    res.json({
      shown: { method, url, originalUrl, baseUrl, path, query, params, body },
      rawBody: req.rawBody?.toString("utf8"),
      key: [req.get("Authorization") !== undefined, req.header("AUTHORIZATION") === req.headers.authorization],
      type: [req.get("content-type"), req.is("json"), req.is("text/*"), req.is("html", "application/json")],
      more: [req.accepts("json"), req.httpVersion, typeof req.ip, req.xhr, req.get("x-not-there") ?? null],
    });
  };
  for (const message of [PAGE, SCHEMA, { method: "GET", path: "//schema" }]) {
    const [one, other] = [await adapted(handler, message), await original(handler, message)];
    assert.deepEqual(JSON.parse(one.body), JSON.parse(other.body));
  }
});

const connector = (handler, options) => functionConnector({ load: () => handler, ...options });

test("a page is the function's, with its state passed on unchanged", async () => {
  const seen = [];
  const source = connector((req, res) => {
    seen.push(req.rawBody.toString());
    res.json({ insert: [{ id: 1, at: new Date(0) }], state: { next: req.body.state.next + 1 }, hasMore: true });
  });
  const page = await fakeHost().fetchPage(source, 'a "table"', { next: 4 });
  assert.deepEqual(page, {
    insert: [{ id: 1, at: "1970-01-01T00:00:00.000Z" }],
    state: { next: 5 },
    hasMore: true,
    wait: undefined,
  });
  assert.deepEqual(JSON.parse(seen[0]), { name: 'a "table"', state: { next: 4 } });
});

test("the schema is requested by its path, and then with two slashes", async () => {
  const schema = {
    orders: { primary_key: "id", fields: [{ name: "id", type: "int" }, { id: "string" }], odd: 1 },
    notes: {},
  };
  const asked = [];
  const source = connector((req, res) => {
    asked.push(req.path);
    return req.path === "//schema" ? res.json({ schema }) : res.status(404).send("no such path");
  });
  const host = fakeHost();
  assert.deepEqual(await host.schema(source), [
    {
      name: "orders",
      primaryKey: ["id"],
      fields: [{ name: "id", type: { tag: "named", val: "int" }, default: undefined }],
    },
    { name: "notes", primaryKey: [], fields: [] },
  ]);
  assert.deepEqual(asked, ["/schema", "//schema"]);
  assert.match(host.logs[0].message, /are ignored: orders\.odd, orders\.fields\[1\]/);
});

test("the function's own key is the value of its variable, or a random one for the call", async () => {
  const source = connector(
    (req, res) =>
      req.get("authorization") === `Bearer ${process.env.WELD_AUTH_KEY}`
        ? res.json({ insert: [{ key: process.env.WELD_AUTH_KEY }], state: {}, hasMore: false })
        : res.status(401).send("no"),
    { keys: [{ header: "authorization", prefix: "Bearer ", variable: "WELD_AUTH_KEY" }] },
  );
  const own = await fakeHost({ env: { WELD_AUTH_KEY: "a-real-key" } }).fetchPage(source, "t");
  assert.equal(own.insert[0].key, "a-real-key");
  const [one, other] = [await fakeHost().fetchPage(source, "t"), await fakeHost().fetchPage(source, "t")];
  assert.ok(one.insert[0].key.length > 12);
  assert.notEqual(one.insert[0].key, other.insert[0].key);
});

test("modules load in each call, with the call's variables in a plain object", async () => {
  let loads = 0;
  const source = functionConnector({
    load: () => {
      loads += 1;
      const { TOKEN: token } = process.env;
      process.env.PUT_IN = "yes";
      return {
        default: (req, res) =>
          res.json({
            insert: [{ token, put: process.env.PUT_IN, names: Object.keys(process.env), has: "NONE" in process.env }],
            state: null,
            hasMore: false,
          }),
      };
    },
  });
  for (const TOKEN of ["one", "two"]) {
    const page = await fakeHost({ env: { TOKEN } }).fetchPage(source, "t");
    assert.deepEqual(page.insert, [{ token: TOKEN, put: "yes", names: ["TOKEN", "PUT_IN"], has: false }]);
    assert.equal(page.state, null);
  }
  assert.equal(loads, 2);
});

test("an invalid response is an error of one line", async () => {
  const cases = [
    [() => {}, "other", /index\.js: the handler ended without a response: call res\.json\(…\) or res\.send\(…\)/],
    [async () => ({ insert: [] }), "other", /ended without a response/],
    [(req, res) => void setTimeout(() => res.status(200), 10), "other", /ended without a response/],
    [(req, res) => res.send("<!doctype html><h1>Sign in</h1>"), "other", /response is HTML: <!doctype html><h1>Sign in/],
    [(req, res) => res.send("oh no"), "other", /response is not valid JSON: oh no/],
    [(req, res) => res.send(), "other", /not valid JSON: nothing/],
    [(req, res) => res.json({ message: "later" }), "other", /has no insert, so it is not a page: .*later/],
    [
      (req, res) => res.json({ insert: {}, state: {}, hasMore: false }),
      "other",
      /has an object as insert, not a list of rows/,
    ],
    [(req, res) => res.json({ insert: [], state: {} }), "other", /has undefined as hasMore/],
    [(req, res) => res.json({ insert: [], state: {}, hasMore: "no" }), "other", /has "no" as hasMore/],
    [(req, res) => res.json({ insert: [], hasMore: false }), "other", /has no state/],
    [(req, res) => res.json({ insert: [], state: [1], hasMore: false }), "other", /neither an object nor null/],
    [(req, res) => res.json([1]), "other", /response is an array, not an object/],
    [(req, res) => res.redirect("https://h/"), "other", /answered with status 302 instead of a page/],
    [(req, res) => res.status(500).send("db is down"), "other", /answered 500: db is down/],
    [(req, res) => res.status(404).json({ error: "no table" }), "other", /answered 404: \{"error":"no table"\}/],
    [(req, res) => res.status(503).send("later"), "upstream", /answered 503: later/],
    [(req, res) => res.status(401).send("no"), "misconfigured", /answered 401: no; it had sent no request, .*--key-variable/],
    [(req, res) => res.sendStatus(403), "misconfigured", /the function itself answered 403: Forbidden/],
    [
      () => {
        throw new TypeError("no such thing");
      },
      "other",
      /TypeError: no such thing/,
    ],
    [() => Promise.reject(new Error("in vain")), "other", /Error: in vain/],
  ];
  for (const [handler, tag, message] of cases) {
    await assert.rejects(fakeHost().fetchPage(connector(handler), "t"), (error) => {
      assert.deepEqual([error.tag, message.test(error.val)], [tag, true], error.message);
      assert.doesNotMatch(error.val, /\n/);
      return true;
    });
  }
});

test("a function's 429 is a wait, and its refusal after a request is not attributed to its key", async () => {
  const limited = connector((req, res) => res.set("Retry-After", "7").status(429).send("slow down"));
  await assert.rejects(fakeHost().fetchPage(limited, "t"), { tag: "rate-limited", val: 7000 });
  const refused = connector(async (req, res) => {
    const response = await fetch("https://api.example.com/");
    res.status(response.status).send(response.statusText);
  });
  const { Response } = await import("weld-connector/testing");
  const host = fakeHost({ fetch: () => new Response("", { status: 401 }) });
  await assert.rejects(host.fetchPage(refused, "t"), {
    tag: "unauthorized",
    val: "the function itself answered 401: Unauthorized (before that, GET https://api.example.com/ answered 401)",
  });
  const own = connector(async (req, res) => {
    await fetch("https://api.example.com/");
    res.status(403).send("not you");
  });
  await assert.rejects(fakeHost({ fetch: () => new Response("") }).fetchPage(own, "t"), {
    tag: "other",
    val: /^the function itself answered 403: not you; no API refused a request\. If the function refused its own key: it received a random key/,
  });
});

test("an uncaught rate limit is a wait, and the log says that the function's platform would answer with an error", async () => {
  const { default: axios } = await import("../../src/adapt/axios/index.js");
  const { Response } = await import("weld-connector/testing");
  const source = connector(async (req, res) => res.json(await axios.get("https://api.example.com/")));
  const host = fakeHost({ fetch: () => new Response("", { status: 429, headers: { "retry-after": "3" } }) });
  await assert.rejects(host.fetchPage(source, "t"), { tag: "rate-limited", val: 3000 });
  assert.match(host.logs[0].message, /the host waits and requests the page again/);
});

test("a variable that is missing while the module loads is named", async () => {
  const load = () => ({ default: process.env.BASE_URL.replace(/\/$/, "") });
  const source = functionConnector({ load, file: "index.js", variables: ["BASE_URL", "TOKEN"] });
  await assert.rejects(fakeHost({ env: { TOKEN: "t" } }).fetchPage(source, "t"), {
    tag: "misconfigured",
    val: /^index\.js fails while it loads, and BASE_URL is not set in \[env\]: /,
  });
});

test("bodies and numbers are read as on the function's platform", async () => {
  const { Response } = await import("weld-connector/testing");
  const source = connector(async (req, res) => {
    const response = await fetch("https://api.example.com/", { agent: {}, timeout: 0 });
    res.json({ insert: [await response.json()], state: {}, hasMore: false });
  });
  const host = fakeHost({ fetch: () => new Response('{"id": 12345678901234567890}') });
  const page = await host.fetchPage(source, "t");
  assert.equal(page.insert[0].id, BigInt(JSON.stringify(JSON.parse("12345678901234567890"))));
});

test("an error names its place in the function's own files, and the log has the stack", async () => {
  // In the form that the build stores: line 2 of the bundle is line 7 of one of the function's files.
  globalThis.weldConnectorLines = { sources: ["function/lib/rows.js", "weld-connector/src/x.js"], lines: [1, 1, 0, 7, 0, 2] };
  const source = connector(() => {
    const error = new TypeError("cannot read property 'map' of undefined");
    error.stack = [
      // The constructor of the error's class is not a place.
      "    at TypeError (/.weld-connector-AbC1/connector.js:3:1)",
      "    at rowsOf (/.weld-connector-AbC1/connector.js:2:61)",
      "    at native",
      "    at x (/.weld-connector-AbC1/connector.js:1:2)",
    ].join("\n");
    throw error;
  });
  const host = fakeHost();
  try {
    await assert.rejects(host.fetchPage(source, "t"), {
      tag: "other",
      val: "lib/rows.js:7: TypeError: cannot read property 'map' of undefined",
    });
  } finally {
    delete globalThis.weldConnectorLines;
  }
  assert.deepEqual(
    host.logs.map(({ message }) => message),
    ["lib/rows.js:7: TypeError: cannot read property 'map' of undefined\n    at rowsOf (lib/rows.js:7)"],
  );
});

test("an error of the shim or an API names the function's line, too, and keeps its meaning", async () => {
  globalThis.weldConnectorLines = { sources: ["function/index.js"], lines: [0, 3] };
  const own = (error) => Object.assign(error, { stack: "    at f (/.weld-connector-AbC1/connector.js:1:61)" });
  try {
    const { writeFileSync } = await import("../../src/adapt/fs.js");
    const writes = connector(() => {
      try {
        writeFileSync("/tmp/a", "b");
      } catch (error) {
        throw own(error);
      }
    });
    const wrote = { tag: "other", val: /^index\.js:3: writeFileSync fails: a component can't write files/ };
    await assert.rejects(fakeHost().fetchPage(writes, "t"), wrote);
    const { default: axios } = await import("../../src/adapt/axios/index.js");
    const { Response } = await import("weld-connector/testing");
    const asks = connector(() =>
      axios.get("https://api.example.com/a?key=1").catch((error) => {
        throw own(error);
      }),
    );
    const host = fakeHost({ fetch: () => new Response("who?", { status: 401 }) });
    await assert.rejects(host.fetchPage(asks, "t"), {
      tag: "unauthorized",
      val: "index.js:3: Request failed with status code 401: GET https://api.example.com/a: who?",
    });
    // A message of the function that says little is followed by the API that refused.
    const tells = connector(async () => {
      const response = await fetch("https://api.example.com/b?key=1");
      throw own(new Error(`HTTP ${response.status}`));
    });
    await assert.rejects(host.fetchPage(tells, "t"), {
      tag: "other",
      val: "index.js:3: Error: HTTP 401 (before that, GET https://api.example.com/b answered 401)",
    });
  } finally {
    delete globalThis.weldConnectorLines;
  }
});

test("keys are sent where the function expects them, and those in its source unchanged", async () => {
  const rows = (req) => ({ key: req.get("x-api-key"), token: req.query.token, text: req.get("x-text"), url: req.url });
  const keys = [
    { header: "x-api-key", prefix: "", variable: "KEY" },
    { argument: "token", prefix: "", variable: "KEY" },
    { header: "x-text", prefix: "", text: "of the source" },
  ];
  const http = connector((req, res) => res.json({ insert: [rows(req)], state: {}, hasMore: false }), { keys });
  const page = await fakeHost({ env: { KEY: "a key" } }).fetchPage(http, "t");
  assert.deepEqual(page.insert, [{ key: "a key", token: "a key", text: "of the source", url: "/?token=a+key" }]);
  const lambda = connector(
    async ({ headers, queryStringParameters, rawQueryString, rawPath }) => {
      const row = { key: headers["x-api-key"], arguments: queryStringParameters, rawQueryString, rawPath };
      return { insert: [row], state: {}, hasMore: false };
    },
    { keys, kind: "lambda" },
  );
  const { insert } = await fakeHost({ env: { KEY: "k" } }).fetchPage(lambda, "t");
  assert.deepEqual(insert, [{ key: "k", arguments: { token: "k" }, rawQueryString: "token=k", rawPath: "/" }]);
  const random = await fakeHost().fetchPage(http, "t");
  assert.equal(random.insert[0].key, random.insert[0].token);
  assert.ok(random.insert[0].key.length > 12);
  const without = connector((req, res) => res.json({ insert: [rows(req)], state: {}, hasMore: false }));
  assert.deepEqual((await fakeHost().fetchPage(without, "t")).insert, [{ url: "/" }]);
});

test("an error in a timer, or a rejected promise without a handler, is the reason for a missing response", async () => {
  globalThis.weldConnectorLines = { sources: ["function/index.js"], lines: [0, 3] };
  const own = (error) => Object.assign(error, { stack: "    at f (/.weld-connector-AbC1/connector.js:1:61)" });
  const { Promise: KitPromise } = await import("../../src/promise.js");
  const page = { insert: [], state: {}, hasMore: false };
  try {
    const throws = connector(() => {
      setTimeout(() => {
        throw own(new Error("late"));
      }, 10);
    });
    await assert.rejects(fakeHost().fetchPage(throws, "t"), { tag: "other", val: "index.js:3: Error: late" });
    const rejects = connector(() => void KitPromise.reject(own(new TypeError("in vain"))));
    await assert.rejects(fakeHost().fetchPage(rejects, "t"), { tag: "other", val: "index.js:3: TypeError: in vain" });
    const answers = connector((req, res) => {
      KitPromise.reject(own(new TypeError("in vain")));
      res.json(page);
    });
    const host = fakeHost();
    await host.fetchPage(answers, "t");
    assert.equal(host.logs[0].message, "index.js:3: after the response: TypeError: in vain");
  } finally {
    delete globalThis.weldConnectorLines;
  }
});

test("members of a page that Weld does not know are logged, once", async () => {
  const page = { insert: [], update: [{ id: 1 }], delete: [], state: {}, hasMore: false };
  for (const answer of [(req, res) => res.json(page), (req, res) => res.send(JSON.stringify(page))]) {
    const host = fakeHost();
    assert.deepEqual(await host.fetchPage(connector(answer), "t"), { insert: [], state: {}, hasMore: false, wait: undefined });
    const logged = host.logs.map(({ level, message }) => `${level}: ${message}`);
    assert.deepEqual(logged, ["warn: ignored members of the page: update, delete; Weld reads only insert, state and hasMore"]);
  }
  const host = fakeHost();
  await host.fetchPage(connector((req, res) => res.json({ insert: [], state: {}, hasMore: false })), "t");
  assert.deepEqual(host.logs, []);
});

test("the first response counts, and an error after it is logged", async () => {
  const page = { insert: [{ id: 1 }], state: {}, hasMore: false };
  const twice = (req, res) => {
    res.json(page);
    res.json({ ...page, insert: [] });
  };
  for (const handler of [twice, async (req, res) => twice(req, res)]) {
    const host = fakeHost();
    assert.deepEqual((await host.fetchPage(connector(handler), "t")).insert, [{ id: 1 }]);
    assert.match(host.logs[0].message, /^after the response: Error: Cannot set headers after they are sent/);
  }
});

test("timers are Node's: they can be kept, canceled, unreferenced and promisified", async () => {
  const { promisify } = await import("../../src/node/util.js");
  const source = connector(async (req, res) => {
    const sleep = promisify(setTimeout);
    const value = await sleep(3000, "slept");
    const never = setTimeout(() => res.status(500).send("it was canceled"), 10);
    clearTimeout(never);
    let ticks = 0;
    const ticking = setInterval(() => (ticks += 1), 100).unref();
    setTimeout(
      (more) => {
        clearInterval(ticking);
        console.time("page");
        console.table([{ ticks }]);
        res.json({ insert: [{ value, ticks, more }], state: {}, hasMore: false });
      },
      350,
      "more",
    ).ref();
  });
  const host = fakeHost();
  const page = await host.fetchPage(source, "t");
  assert.deepEqual(page.insert, [{ value: "slept", ticks: 3, more: "more" }]);
  assert.deepEqual(host.sleeps, [3000, 100, 100, 100, 50]);
});
