// Unchanged functions for other platforms, as components that the host runs against fakes of their APIs.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { startApi } from "./server.js";

const { ADAPTED, WELD_HOST } = process.env;
const json = (response, value) => response.setHeader("content-type", "application/json").end(JSON.stringify(value));
let api;

before(async () => {
  api = await startApi({
    "/punk/v2/beers": ({ request, response, url }) => {
      if (request.headers.authorization === "Bearer broken") return json(response, { not: "a list" });
      if (request.headers.authorization !== "Bearer the-token") return response.writeHead(401).end("unknown token");
      const page = Number(url.searchParams.get("page"));
      const ids = page < 3 ? [2 * page, 2 * page + 1] : [2 * page];
      json(
        response,
        ids.map((id) => ({ id, first_brewed: "2020-09-01" })),
      );
    },
    "/shop/eu/orders": ({ request, response, body }) => {
      const after = JSON.parse(body).after ?? 0;
      const order = { id: after + 1, kind: request.headers["x-token"] === "t" ? "b" : "none" };
      json(response, { orders: [order], cursor: after === 2 ? null : after + 1 });
    },
  });
});
after(() => api.stop());

/** Syncs a function with these variables. Returns the exit status, a reader of rows by table, and the output. */
async function synced(name, env, host, path) {
  // The configuration is the one that `weld-host adapt` wrote: it allows only the hosts and variables found in the
  // source.
  const to = `${await mkdtemp(join(ADAPTED, "rows-"))}/`;
  const values = ["sync", `${name}.wasm`, "--to", to, "--map", `${host}=${api.address}${path}`];
  const { PATH, HOME } = process.env;
  const child = spawn("timeout", ["600", WELD_HOST, ...values], {
    cwd: join(ADAPTED, "plugins"),
    env: { PATH, HOME, ...env },
  });
  const said = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes) => said.push(bytes));
  const status = await new Promise((done) => child.once("close", done));
  const rows = async (table) => {
    const text = await readFile(`${to}${table}.jsonl`, "utf8");
    return text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
  };
  return { status, rows, said: Buffer.concat(said).toString() };
}

test("a Cloud Function in the guide's form runs unchanged: axios, dayjs, pauses, its own key and a state", async () => {
  const { status, rows, said } = await synced(
    "guide",
    { API_BEARER_TOKEN: "the-token" },
    "https://api.punkapi.com",
    "/punk",
  );
  assert.equal(status, 0, said);
  const seen = "09/2020";
  const expected = [2, 3, 4, 5, 6].map((id) => ({ id, first_brewed: "2020-09-01", seen }));
  assert.deepEqual(await rows("beers"), expected);
});

test("an API's refusal that the function does not catch is reported with its excerpt", async () => {
  const { status, said } = await synced("guide", { API_BEARER_TOKEN: "wrong" }, "https://api.punkapi.com", "/punk");
  assert.equal(status, 1, said);
  assert.match(said, /Request failed with status code 401: GET https:\/\/api\.punkapi\.com\/v2\/beers: unknown token/);
});

test("a Lambda of ECMAScript modules runs unchanged: https, crypto, data files, and variables read while it loads", async () => {
  const { status, rows, said } = await synced("shop", { SHOP_TOKEN: "t" }, "https://shop.example.com", "/shop");
  assert.equal(status, 0, said);
  const orders = await rows("orders");
  assert.deepEqual(
    orders.map(({ id, label, digest, currency }) => [id, label, digest, currency]),
    [
      [1, "second", "6b86b273", "EUR"],
      [2, "second", "d4735e3a", "EUR"],
      [3, "second", "4e074085", "EUR"],
    ],
  );
});

test("adapt reports what the function's source contains", async () => {
  const said = await readFile(join(ADAPTED, "guide.log"), "utf8");
  for (const line of [
    /^tables +beers$/m,
    /^entry +functions\.http\("weldConnector"\) in index\.js$/m,
    /^variables +API_BEARER_TOKEN/m,
    /^key +.*WELD_API_KEY/m,
    /^hosts +https:\/\/api\.punkapi\.com$/m,
    /^packages +dayjs 1\.11\.\d+$/m,
    /^note +index\.js:\d+: sleep\(… 3600\) is longer than answer-within/m,
  ]) {
    assert.match(said, line);
  }
});

test("an unexpected response of the API is reported with the line of the function that reads it", async () => {
  const { status, said } = await synced("guide", { API_BEARER_TOKEN: "broken" }, "https://api.punkapi.com", "/punk");
  assert.equal(status, 1, said);
  assert.match(said, /weld-host: beers, page 1: index\.js:37: TypeError: /);
});
