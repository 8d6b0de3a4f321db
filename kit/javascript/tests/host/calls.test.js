import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { serve, startApi, startHost } from "./server.js";

const { COMPONENTS, CACHE, ENGINES } = process.env;
let api, folder, host, nowhere;

const json = (response, value) =>
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));

before(async () => {
  api = await startApi({
    "/echo": ({ request, response, url, body }) =>
      json(response, {
        method: request.method,
        url: url.pathname + url.search,
        body: [...body],
        given: request.headers["x-given"] ?? null,
        type: request.headers["content-type"] ?? null,
      }),
    "/bytes": ({ response }) => response.end(Buffer.from([0x61, 0xff])),
    "/number": ({ response, url }) => json(response, { n: Number(url.searchParams.get("n")) }),
    "/big": ({ response }) => response.end('{"id":9007199254740993}'),
    "/twins": ({ response }) => response.end('[{"id":9007199254740992},{"id":9007199254740993}]'),
    "/status": ({ response, url }) => response.writeHead(Number(url.searchParams.get("code"))).end("<h1>said so</h1>"),
  });
  // A port where nothing listens: opened once, then closed.
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  nowhere = `http://127.0.0.1:${server.address().port}/`;
  await new Promise((resolve) => server.close(resolve));

  folder = await mkdtemp(join(COMPONENTS, "calls-"));
  for (const engine of ENGINES.split(" ")) {
    await symlink(join(COMPONENTS, `calls-${engine}.wasm`), join(folder, `${engine}.wasm`));
    await writeFile(
      join(folder, `${engine}.toml`),
      `[env]\nAPI = "${api.address}"\nNOWHERE = "${nowhere}"\nGIVEN = "given"\n` +
        `[network]\nallow = ["${api.address}", "${nowhere}"]\n[rate-limit]\nretries = 0\n[limits]\npage-timeout = "10m"\n`,
    );
  }
  host = await serve(folder, CACHE, ENGINES.split(" "));
});
after(async () => {
  await host?.stop();
  api?.stop();
  await rm(folder, { recursive: true, force: true });
});

for (const engine of ENGINES.split(" ")) {
  describe(engine, () => {
    const rows = async (table, state) => {
      const { status, body } = await host.ask(engine, table, state);
      assert.equal(status, 200, JSON.stringify(body));
      return body.insert;
    };
    const failure = async (table, state) => {
      const { body } = await host.ask(engine, table, state);
      assert.ok(body.error, JSON.stringify(body));
      return body.error;
    };

    test("the schema may be asynchronous", async () => {
      const { schema } = await host.schema(engine);
      assert.deepEqual(schema.fetched.fields, [
        { name: "n", type: "int" },
        { name: "m", type: ["null", "double"] },
      ]);
    });

    test("a request is sent, and its response is returned", async () => {
      const [row] = await rows("fetched");
      assert.deepEqual(
        [row.status, row.ok, row.url, row.type],
        [200, true, `${api.address}/echo?q=1`, "application/json"],
      );
      const { body, ...echo } = row.echo;
      assert.deepEqual(echo, {
        method: "POST",
        url: "/echo?q=1",
        given: Buffer.from("é").toString("latin1"),
        type: "text/plain;charset=UTF-8",
      });
      assert.equal(Buffer.from(body).toString(), '{"ö":1}');
    });

    test("bytes that are not text are received and sent", async () => {
      assert.deepEqual(await rows("bytes"), [{ bytes: [0x61, 0xff], refused: "TypeError" }]);
      const [{ method, body }] = await rows("sent_bytes");
      assert.deepEqual([method, body], ["PUT", [0, 255]]);
    });

    test("several requests may be awaited together, also by libraries", async () => {
      assert.deepEqual(await rows("side_by_side"), [{ numbers: [1, 2, 3] }]);
      assert.deepEqual(await rows("library"), [{ n: 5 }]);
    });

    test("a large integer of an API is passed on exactly", async () => {
      const response = await fetch(`${host.announced[1]}/${engine}`, { method: "POST", body: '{"name":"big"}' });
      assert.match(await response.text(), /"id":9007199254740993\}/);
    });

    test("two keys that would become the same Number stay two rows in a SQLite file", async () => {
      const file = join(folder, `${engine}.sqlite`);
      const sync = await startHost(
        ["sync", join(folder, `${engine}.wasm`), "--table", "twins", "--to", file],
        /^total +1 +2 /,
      );
      await sync.stop();
      const content = await readFile(file);
      for (const digits of ["0020000000000000", "0020000000000001"]) {
        assert.ok(content.includes(Buffer.from(digits, "hex")), digits);
      }
    });

    test("a status is the error that it means", async () => {
      assert.equal((await failure("status", { status: 401 })).kind, "upstream_unauthorized");
      const { kind, message } = await failure("status", { status: 500 });
      assert.equal(kind, "upstream_failed");
      assert.match(message, /GET http:\/\/\S+ answered 500: <h1>said so<\/h1>/);
      assert.match((await failure("no_json")).message, /the response to GET http:\/\/\S+ is HTML, not JSON: .*said so/);
    });

    test("a failed request is a TypeError and, if uncaught, the contract's error that it means", async () => {
      const denied = await failure("denied");
      assert.equal(denied.kind, "misconfigured");
      assert.match(denied.message, /GET https:\/\/elsewhere\.example\/: .*allow/);
      assert.doesNotMatch(denied.message, /hidden/);
      assert.deepEqual(await rows("caught"), [{ type: true, kind: "denied" }]);
      assert.equal((await failure("refused")).kind, "upstream_failed");
    });

    test("timers run in their order, and sleeps run concurrently", async () => {
      const [{ order, took }] = await rows("slept");
      assert.deepEqual(order, ["timer", "slept"]);
      // Never less. How much more depends on the machine.
      assert.ok(took >= 49, String(took));
    });

    test("a sleep longer than the page's time is an error that can be caught", async () => {
      assert.deepEqual(await rows("out_of_time"), [{ out: true, left: true }]);
    });

    test("console and log write lines to the host's log", async () => {
      await rows("logged");
      const lines = [
        ["DEBUG", "a debug line"],
        ["INFO", "an info line {a: [1, null]}"],
        ["WARN", "a warning"],
        ["ERROR", "Error: an error line"],
        ["INFO", "by log \ufffd"],
      ];
      for (const [level, text] of lines) await host.logged(level, text);
    });

    test("variables are those of the configuration", async () => {
      assert.deepEqual(await rows("environment"), [{ given: "given", missing: null, by_env: "given" }]);
      const { kind, message } = await failure("misconfigured");
      assert.equal(kind, "misconfigured");
      assert.match(message, /MISSING is missing/);
    });

    test("random numbers differ between pages", async () => {
      const [[one], [other]] = [await rows("random"), await rows("random")];
      assert.equal(new Set([one.n, one.m, other.n, other.m]).size, 4);
    });

    test("URLs and encodings are available", async () => {
      assert.deepEqual(await rows("platform"), [
        {
          url: "https://h.example/a/b?x=1&%C3%A9=a+b#f",
          text: "é€😀\ufffd",
          malformed: "a\ufffd\ufffd",
          parameters: "a+b=c%26d",
          base64: "YWJj",
        },
      ]);
    });

    test("asynchronous syntax runs to its end", async () => {
      assert.deepEqual(await rows("syntax"), [
        {
          seen: [1, 2, 3],
          from: [2, 4, 6],
          all: [
            { status: "fulfilled", value: 3 },
            { status: "rejected", reason: "no" },
          ],
        },
      ]);
    });
  });
}
