// `weld-connector run`: the worker's side of the pipes, and the command that starts the host. The suite of the host tests both
// together.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readSync, rmSync, symlinkSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const KIT = fileURLToPath(new URL("../..", import.meta.url));
const PACKAGES = fileURLToPath(new URL("../node_modules", import.meta.url));
const COMMAND = join(KIT, "bin/weld-connector.js");

/** A folder with a connector's files, in which the kit and esbuild are installed. */
function project(files) {
  const folder = mkdtempSync(join(tmpdir(), "weld-native-"));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(KIT, join(folder, "node_modules/weld-connector"));
  for (const name of ["esbuild", "@esbuild"]) symlinkSync(join(PACKAGES, name), join(folder, "node_modules", name));
  writeFileSync(join(folder, "package.json"), '{ "name": "shop", "type": "module" }');
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

/**
 * Runs the worker with all lines of a host. Returns its lines, its output and its exit status. The pipes hold them, since
 * they are shorter than a pipe's memory.
 */
function worked(files, lines) {
  const folder = project(files);
  const [calls, answers] = ["to-worker", "to-host"].map((name) => join(folder, name));
  assert.equal(spawnSync("mkfifo", [calls, answers]).status, 0);
  const [toWorker, toHost] = [calls, answers].map((path) => openSync(path, "r+"));
  try {
    writeSync(toWorker, lines.map((line) => `${typeof line === "string" ? line : JSON.stringify(line)}\n`).join(""));
    const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, "run", "--worker"], {
      cwd: folder,
      env: { PATH: process.env.PATH, WELD_NATIVE: folder },
      encoding: "utf8",
    });
    writeSync(toHost, "\n");
    const bytes = Buffer.alloc(1 << 20);
    const said = bytes.toString("utf8", 0, readSync(toHost, bytes)).trim();
    const left = existsSync(join(folder, "node_modules/.weld-connector"))
      ? spawnSync("ls", [join(folder, "node_modules/.weld-connector")], { encoding: "utf8" }).stdout
      : "";
    return { lines: said === "" ? [] : said.split("\n").map((line) => JSON.parse(line)), status, said: stdout + stderr, left };
  } finally {
    closeSync(toWorker);
    closeSync(toHost);
    rmSync(folder, { recursive: true });
  }
}

const SHOP = `import { connector, env, sleep } from "weld-connector";
console.log("loading");
export const source = connector({
  tables: {
    orders: {
      primaryKey: "id",
      fields: { id: "int", note: { type: ["null", "string"], default: null } },
      async fetchPage(state) {
        console.warn("asking");
        const response = await fetch(env("API") + "/orders?after=" + (state.after ?? 0), { headers: { "x-a": "b" } });
        await sleep(5);
        const rows = await response.json();
        return { insert: rows, state: { after: rows.at(-1).id }, hasMore: true };
      },
    },
    bytes: {
      async fetchPage() {
        const response = await fetch("https://api.example.com/b", { method: "POST", body: new Uint8Array([0, 255]) });
        return { insert: [{ length: (await response.arrayBuffer()).byteLength }], state: null, hasMore: false };
      },
    },
    wrong: {
      fetchPage() {
        return undefined.rows;
      },
    },
    forgetful: {
      async fetchPage() {
        (async () => {
          await sleep(5);
          throw new Error("nobody waits for this");
        })();
        await sleep(5);
        return { insert: [], state: null, hasMore: false };
      },
    },
  },
});
`;
const ENVIRONMENT = [["API", "https://api.example.com"]];
const SCHEMA = { call: "schema", environment: ENVIRONMENT };
const END = { call: "end" };
const page = (table, state = "{}") => ({ call: "fetch-page", table, state, environment: ENVIRONMENT });
const answered = (body) => ({ ok: { status: 200, headers: [], body, url: "https://api.example.com/orders" } });

test("a worker answers with tables and pages, and asks the host in between", () => {
  const { lines, status, said } = worked({ "connector.js": SHOP }, [
    SCHEMA,
    page("orders", '{"after":6}'),
    answered({ text: '[{"id":7,"note":"ø"}]' }),
    { ok: null },
    page("bytes"),
    answered({ bytes: Buffer.from([1, 2, 255]).toString("base64") }),
    END,
  ]);
  assert.deepEqual(lines, [
    {
      return: [
        {
          name: "orders",
          "primary-key": ["id"],
          fields: [
            { name: "id", type: { named: "int" }, default: null },
            { name: "note", type: { described: '["null","string"]' }, default: "null" },
          ],
        },
        { name: "bytes", "primary-key": [], fields: [] },
        { name: "wrong", "primary-key": [], fields: [] },
        { name: "forgetful", "primary-key": [], fields: [] },
      ],
    },
    { log: { level: "warn", message: "asking" } },
    {
      "http-fetch": {
        method: "GET",
        url: "https://api.example.com/orders?after=6",
        headers: [["x-a", "b"]],
        body: null,
      },
    },
    { sleep: 5 },
    { return: { insert: '[{"id":7,"note":"ø"}]', state: '{"after":7}', "has-more": true, wait: null } },
    {
      "http-fetch": { method: "POST", url: "https://api.example.com/b", headers: [], body: { bytes: "AP8=" } },
    },
    { return: { insert: '[{"length":3}]', state: "null", "has-more": false, wait: null } },
  ]);
  assert.deepEqual([status, said], [0, "loading\n"]);
});

test("a rejected promise that nobody waits for is a warning, and the page is answered", () => {
  const { lines, status } = worked({ "connector.js": SHOP }, [page("forgetful"), { ok: null }, END]);
  const [warning] = lines.flatMap(({ log }) => log ?? []);
  assert.equal(warning.level, "warn");
  assert.match(
    warning.message,
    /^fetchPage of table "forgetful" left a rejected promise unhandled \(is an `await` missing\?\): Error: nobody waits.*connector\.js:\d+/s,
  );
  assert.deepEqual(lines.at(-1), { return: { insert: "[]", state: "null", "has-more": false, wait: null } });
  assert.equal(status, 0);
});

test("refusals of the host are the contract's errors", () => {
  const { lines } = worked({ "connector.js": SHOP }, [
    page("orders"),
    { error: { denied: "no rule allows it" } },
    page("orders"),
    { error: { unavailable: 1500 } },
    page("orders"),
    { error: { timeout: null } },
    page("orders"),
    answered({ text: "[]" }),
    { error: { "out-of-time": { left: 2 } } },
    page("nothing"),
    END,
  ]);
  const raised = lines.filter((line) => "raise" in line).map(({ raise }) => raise);
  assert.match(raised[0].misconfigured, /no rule allows it/);
  assert.deepEqual(raised[1], { "rate-limited": 1500 });
  assert.match(raised[2].upstream, /did not answer in time/);
  assert.match(raised[3].other, /only 2 ms left/);
  assert.deepEqual(raised[4], { "unknown-table": null });
});

test("an error of the connector has the author's file and line", () => {
  for (const name of ["connector.js", "connector.ts"]) {
    const { lines, left } = worked({ [name]: SHOP }, [page("wrong"), END]);
    const [{ log }, { raise }] = lines;
    assert.equal(log.level, "error");
    const line = SHOP.split("\n").findIndex((text) => text.includes("undefined.rows")) + 1;
    assert.match(log.message, new RegExp(`at (?:Object\\.)?fetchPage \\(${name}:${line}\\)`), name);
    assert.doesNotMatch(log.message, /node:|weld-connector\/|file:/, "only the author's own frames");
    assert.match(raise.other, new RegExp(`^TypeError: .* \\(${name}:${line}\\)$`));
    assert.equal(left, "", "nothing is left of the bundle");
  }
});

test("a module in TypeScript that can't be read is reported with its place", () => {
  const { lines, left } = worked({ "connector.ts": "const one: number = 1;\nexport const source = ;" }, [SCHEMA, END]);
  assert.deepEqual(lines, [
    { log: { level: "error", message: "    export const source = ;" } },
    { raise: { other: 'connector.ts:2: Unexpected ";"' } },
  ]);
  assert.equal(left, "");
});

test("a module that can't be loaded is reported for each call, and loaded again", () => {
  for (const [text, message] of [
    ["export const source = {};", /`source` is not a connector/],
    ["\nthrow new RangeError('odd');", /^connector\.js:2: RangeError: odd$/],
    ['import { env } from "weld-connector"; env("API");', /^connector\.js:1: .*can't be used while modules load/],
    ['import { UnknownTabel } from "weld-connector"; UnknownTabel;', /^connector\.js:1: No matching export .*; did you mean UnknownTable\?$/],
    ['import { zebra } from "weld-connector"; zebra;', /^connector\.js:1: No matching export .*; weld-connector has .*ConnectorError, /],
    ["throw 3;", /^3 was thrown instead of an Error$/],
    ["export const one = 1;\nexport const source = ;", /^connector\.js:2: Unexpected ";"$/],
    ['import "./helpers.js";', /^connector\.js:1: Could not resolve "\.\/helpers\.js"; no such file$/],
    ['import "absent";', /^connector\.js:1: Could not resolve "absent"; .*npm install absent`$/],
  ]) {
    const { lines, status } = worked({ "connector.js": text }, [SCHEMA, page("orders"), END]);
    const raised = lines.filter((line) => "raise" in line);
    assert.equal(raised.length, 2);
    assert.match(raised[0].raise.other, message);
    // Nothing is said twice.
    const [, said] = /^(?:[\w.]+:\d+: )?([^;]*)/.exec(raised[0].raise.other);
    for (const { log } of lines) assert.ok(!log?.message.includes(said), log?.message);
    assert.equal(status, 0);
  }
});

test("an error without a place is said once, and a connector can't end the worker", () => {
  const text = `import { connector } from "weld-connector";
    export const source = connector({ tables: {
      throws: { fetchPage() { throw "no luck"; } },
      exits: { fetchPage() { process.exit(3); } },
    } });`;
  const { lines, status } = worked({ "connector.js": text }, [page("throws"), page("exits"), END]);
  const raised = lines.map(({ raise }) => raise?.other);
  assert.equal(raised[0], '"no luck" was thrown instead of an Error');
  assert.match(raised[1], /^process\.exit\(3\) was called: a component has no process to end; throw an error instead/);
  assert.equal(lines.length, 2);
  assert.equal(status, 0);
});

test("numbers keep their digits, and text that is not UTF-16 is replaced", () => {
  const text = `import { connector } from "weld-connector";
    export const source = connector({ tables: { t: { async fetchPage() {
      const text = await (await fetch("https://api.example.com/")).text();
      console.error("half \\ud800");
      return { insert: text, state: {}, hasMore: false };
    } } } });`;
  const { lines } = worked({ "connector.js": text }, [page("t"), answered({ text: '[{"id":12345678901234567890}]' }), END]);
  assert.deepEqual(lines[1], { log: { level: "error", message: "half \ufffd" } });
  assert.equal(lines[2].return.insert, '[{"id":12345678901234567890}]');
});

test("without --worker, the command is the host's, with this program as its worker", () => {
  const folder = project({ "connector.js": SHOP, host: '#!/bin/sh\nprintf "%s\\n" "$@"\nexit 3\n' });
  chmodSync(join(folder, "host"), 0o755);
  const run = (env) =>
    spawnSync(process.execPath, [COMMAND, "run", "--table", "orders"], { cwd: folder, encoding: "utf8", env });
  const { status, stdout } = run({ WELD_HOST: join(folder, "host") });
  assert.equal(status, 3);
  assert.deepEqual(stdout.trim().split("\n"), ["run", "--table", "orders", "--", process.execPath, COMMAND, "run", "--worker"]);
  const missing = run({ PATH: folder });
  assert.equal(missing.status, 1);
  assert.match(missing.stderr, /^weld-connector: weld-host is not on the search path; install it/);
  const absent = run({ WELD_HOST: join(folder, "absent") });
  assert.match(absent.stderr, /absent can't be run \(ENOENT\)/);
  rmSync(folder, { recursive: true });
});

test("a worker without pipes says who starts it", () => {
  const folder = project({ "connector.js": SHOP });
  const { status, stderr } = spawnSync(process.execPath, [COMMAND, "run", "--worker"], {
    cwd: folder,
    encoding: "utf8",
    env: {},
  });
  assert.equal(status, 1);
  assert.match(stderr, /the variable WELD_NATIVE is missing: `weld-host run` starts/);
  rmSync(folder, { recursive: true });
});
