// Tests what the source of a function shows before any of it runs.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";

import { scan } from "../../bin/adapt/scan.js";
import { tokensOf } from "../../bin/adapt/tokens.js";

const folders = [];
after(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

function folderOf(files) {
  const folder = mkdtempSync(join(tmpdir(), "function-"));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

const HANDLER = "\nexports.handler = async (event) => event;\n";

/** The findings in an index.js with this content and a handler, and in other files. */
const found = (content, files = {}, options = {}) =>
  scan(folderOf({ "index.js": content + HANDLER, ...files }), "index.js", options);
const shown = ({ variables }) => variables.map(({ name, has_default }) => (has_default ? `${name}?` : name));

test("code is distinguished from comments, texts, templates and regular expressions", () => {
  const source = [
    "#!/usr/bin/env node",
    "// process.env.A",
    "/* process.env.B */ const c = 'process.env.C' + \"it's\";",
    "const d = `process.env.D ${ e + `${'f'}` } g`;",
    "const h = 8 / 2 / x, i = /process.env.I[/'\"]\\//g.test(y) ? 1e3 : .5;",
    "if (a) /'/.test(b);",
    "const j = a++ / 2; k = '\\u0041\\x42\\'';",
  ].join("\n");
  const tokens = tokensOf(source);
  assert.ok(!tokens.some(({ type, value }) => type === "name" && value === "process"));
  const texts = tokens.filter(({ type }) => ["text", "template", "piece"].includes(type));
  assert.deepEqual(
    texts.map(({ value, line }) => [value, line]),
    [
      ["process.env.C", 3],
      ["it's", 3],
      ["process.env.D ", 4],
      ["", 4],
      ["f", 4],
      ["", 4],
      [" g", 4],
      ["AB'", 7],
    ],
  );
});

test("variables are found however they are read", () => {
  const cases = {
    "process.env.A": ["A"],
    'process.env["A B"]': ["A B"],
    "process.env[`A`]": ["A"],
    "process?.env?.A": ["A"],
    "globalThis.process.env.A": ["A"],
    "const { A, B: b, C = 'c', 'D': d } = process.env": ["A", "B", "C?", "D"],
    "const env = process.env; f(env.A, env['B'])": ["A", "B"],
    "const { env } = process; f(env.A)": ["A"],
    "const { env: e } = process; f(e.A)": ["A"],
    "const { env } = require('process'); f(process.env.A)": ["A"],
    "f(process.env.A || 'x', process.env.B ?? 1, process.env.C || '', process.env.D || null)": ["A?", "B?", "C?", "D?"],
    // An empty credential counts as missing.
    "f(process.env.API_TOKEN || '', process.env.PASSWORD ?? null)": ["API_TOKEN", "PASSWORD"],
    "const a = process.env.A ? 1 : 2": ["A?"],
    "f(process.env.A || 'x'); g(process.env.A)": ["A"],
    "`${process.env.A}/${process.env.B || 'x'}`": ["A", "B?"],
    "process.env.A = 'x'; process.env.B": ["B"],
    "process.env.NODE_ENV; process.env.PORT; process.env.FUNCTION_TARGET": ["NODE_ENV?", "PORT?", "FUNCTION_TARGET?"],
    "// process.env.A\n'process.env.B'; my.process = 1": [],
    "other.env.A; environment.B": [],
  };
  for (const [source, names] of Object.entries(cases)) assert.deepEqual(shown(found(`${source};`)), names, source);
  const { variables, not_literal } = found(
    "\nconst a = process.env.A;\nf(process.env[name]);\nconst { B, ...c } = process.env;",
  );
  assert.deepEqual(
    variables.map(({ name, place }) => [name, place]),
    [
      ["A", "index.js:2"],
      ["B", "index.js:4"],
    ],
  );
  assert.deepEqual(not_literal, ["index.js:3: process.env[name]", "index.js:4: { ...c } = process.env"]);
});

test("a variable that the function works without need not be set", () => {
  const cases = {
    "if (process.env.VERBOSE) f()": ["VERBOSE?"],
    "const on = !!process.env.ON; const off = process.env.OFF === 'true'": ["ON?", "OFF?"],
    "const v = process.env.VERBOSE; if (v) f(v)": ["VERBOSE?"],
    "const { VERBOSE } = process.env; VERBOSE && f()": ["VERBOSE?"],
    "const c = { proxy: process.env.PROXY, token: process.env.T }; if (c.proxy) f(c.proxy); g(c.token)": ["PROXY?", "T"],
    "if (process.env.PROXY) f(process.env.PROXY)": ["PROXY?"],
    "if ('PROXY' in process.env) f(process.env.PROXY)": ["PROXY?"],
    "process.env.LIST?.split(','); process.env.NAMES.split(',')": ["LIST?", "NAMES"],
    "const n = Number(process.env.N) || 10, m = parseInt(process.env.M, 10)": ["N?", "M"],
    "console.log('at', process.env.PLACE)": ["PLACE?"],
    "process.env.SET ||= 'x'; f(process.env.SET)": ["SET?"],
    "let mode = process.env.MODE; mode ??= 'x'; let kind = process.env.KIND; if (!kind) kind = 'x'": ["MODE?", "KIND?"],
    "switch (process.env.MODE) { default: } const a = ['1', 'on'].includes(process.env.A), b = /x/.test(process.env.B)": [
      "MODE?",
      "A?",
      "B?",
    ],
    "const unused = process.env.UNUSED": ["UNUSED?"],
    "exports.token = process.env.T; f(config.token)": ["T"],
    "delete process.env.GONE": [],
    // Variables without which the function ends.
    "if (!process.env.T) throw new Error('T is missing'); if (process.env.T) f()": ["T"],
    "const t = process.env.T; if (!t) { res.status(500).send('no T'); return; }": ["T"],
    "if (process.env.T === undefined) { process.exit(1); }": ["T"],
    "const t = process.env.T ?? fail('T'), u = process.env.U || (() => { throw 1; })()": ["T", "U"],
    "const t = process.env.T; f(`Bearer ${t}`)": ["T"],
    // Read through the source's own functions and lists.
    "const env = (name, other) => process.env[name] ?? other; f(env('A'), env('B', 'x'))": ["A", "B?"],
    "function must(n) { const v = process.env[n]; if (!v) throw new Error(n); return v; } f(must('A'))": ["A"],
    "for (const n of ['A', 'B']) if (!process.env[n]) throw new Error(n)": ["A", "B"],
    "const NEEDED = ['A', 'B'];\nconst gone = NEEDED.filter((n) => !process.env[n])": ["A?", "B?"],
    "const NAME = 'A';\nf(process.env[NAME])": ["A"],
  };
  for (const [source, names] of Object.entries(cases)) {
    const { variables, not_literal } = found(`async function g(res) { ${source}; }`);
    assert.deepEqual([shown({ variables }), not_literal], [names, []], source);
  }
});

test("the function's key is the variable that it compares with the header, or one named like Weld's key", () => {
  const cases = [
    ["process.env.WELD_API_KEY", "WELD_API_KEY"],
    ["process.env.API_KEY", null],
    ["if (req.headers.authorization !== `Bearer ${process.env.MY_KEY}`) f()", "MY_KEY"],
    [
      "const key = process.env.MY_KEY;\nconst h = event.headers['authorization'];\nif (h.split(' ')[1] !== key) f()",
      "MY_KEY",
    ],
    [
      "const { SECRET: s } = process.env;\nconst token = req.get('Authorization');\nif (token !== 'Bearer ' + s) f()",
      "SECRET",
    ],
    ["const headers = { Authorization: `Bearer ${process.env.API_TOKEN}` };", null],
    ["const headers = { authorization: process.env.API_TOKEN }; if (a !== b) f()", null],
    ["process.env.API_TOKEN; process.env.WELD_PROJECT", null],
  ];
  for (const [source, key] of cases) assert.equal(found(source).key_variable, key, source);
  const { key_variable, variables } = found("process.env.A; process.env.WELD_KEY", {}, { keyVariable: "A" });
  assert.deepEqual([key_variable, variables.map(({ name }) => name)], ["A", ["WELD_KEY"]]);
});

test("hosts are read from literal URLs", () => {
  const cases = {
    "'https://api.example.com/v1'": ["https://api.example.com"],
    "`https://api.example.com/${path}`": ["https://api.example.com"],
    "'https://api.example.com' + path": ["https://api.example.com"],
    "'https://api.example.com' + '/v1'": ["https://api.example.com"],
    "`https://api.example.com${endpoint}`": ["https://api.example.com"],
    "'https://api.example.com' + zone": [],
    "'https://api.' + path": [],
    "'HTTPS://key:password@API.example.com/v1'": ["https://api.example.com"],
    "'https://API.example.com:8443/a' + path": ["https://api.example.com:8443"],
    "`${base} http://a.example/b`": ["http://a.example"],
    "f('https://a.example', 'https://a.example/x', 'https://b.example')": ["https://a.example", "https://b.example"],
    "// https://a.example/": [],
    "'http://www.w3.org/2001/XMLSchema'": [],
    "https.request({ hostname: 'api.example.com', path })": ["https://api.example.com"],
    "({ host: 'localhost', hostname: name })": [],
  };
  for (const [source, origins] of Object.entries(cases)) {
    const { hosts } = found(`${source.startsWith("https.") ? "const https = require('https');" : ""}${source};`);
    assert.deepEqual(
      hosts.map(({ origin }) => origin),
      origins,
      source,
    );
  }
  const { not_literal } = found("const a = `https://${shop}.example.com/`;\nconst b = 'https://' + host;");
  assert.equal(not_literal.length, 2);
  assert.match(not_literal[0], /^index\.js:1: https:\/\//);
});

test("own modules are followed in both forms, and packages have the versions of their lists", () => {
  const folder = folderOf({
    "index.js":
      "const a = require('./lib/a');\nrequire('./data.json');\nconst d = require('dayjs/plugin/utc');" + HANDLER,
    "lib/a.js":
      "const { b } = require('../lib/b.js'); const axios = require('axios'); require('node:crypto'); process.env.A;",
    "lib/b.js":
      "const _ = require('lodash'); require('@scope/one/part'); try { require('maybe') } catch {} process.env.B;",
    "lib/unused.js": "process.env.UNUSED; require('unused-too')",
    "data.json": "{}",
    "package.json": JSON.stringify({
      name: "shop",
      dependencies: { dayjs: "^1.0.0", lodash: "4.x", "@scope/one": "file:./vendor/one", moment: "2", axios: "1" },
    }),
    "package-lock.json": JSON.stringify({ packages: { "node_modules/lodash": { version: "4.17.21" } } }),
  });
  const { dependencies, notes, variables } = scan(folder, "index.js");
  assert.deepEqual(dependencies, { lodash: "4.17.21", "@scope/one": "file:function/vendor/one", dayjs: "^1.0.0" });
  assert.deepEqual(notes, ["listed in package.json, but not imported: moment"]);
  assert.deepEqual(
    variables.map(({ name }) => name),
    ["A", "B"],
  );
  const module = folderOf({
    "index.mjs": [
      'import x, { y as z } from "./one.mjs";',
      'import "./two.mjs";',
      'export * from "./three.mjs";',
      'const four = await import("./four.mjs");',
      "export const handler = (event) => event;",
    ].join("\n"),
    ...Object.fromEntries(
      ["one", "two", "three", "four"].map((name) => [
        `${name}.mjs`,
        `export default process.env.${name.toUpperCase()};`,
      ]),
    ),
  });
  assert.deepEqual(shown(scan(module, "index.mjs")), ["ONE", "TWO", "THREE", "FOUR"]);
  const locked = { "package-lock.json": JSON.stringify({ packages: { "node_modules/ms": { version: "2.1.3" } } }) };
  const inner = found("require('ms')", locked);
  assert.deepEqual(inner.dependencies, { ms: "2.1.3" });
  assert.match(inner.notes[0], /:1: package\.json does not list ms; the version in package-lock\.json is used/);
});

test("exported and registered entries are found", () => {
  const cases = [
    ["exports.handler = async () => {};", "handler in index.js"],
    ["exports.orders = (req, res) => {};", "orders in index.js"],
    ["module.exports.orders = (req, res) => {};", "orders in index.js"],
    ["module.exports = { LIMIT: 3, orders, LIST: [] };", "orders in index.js"],
    ["module.exports = { async handler(event) { return { a: 1, b } }, helper };", "handler in index.js"],
    ["module.exports = (req, res) => {};", "the default export in index.js"],
    ["module.exports = async function (req, res) {};", "the default export in index.js"],
    ["module.exports = async (req, res) => {};", "the default export in index.js"],
    ["module.exports = require('./lib');", "the export of index.js", { "lib.js": "module.exports = 1" }],
    ["module.exports = wrap(handler);", "the export of index.js"],
    ["export const handler = async () => {};", "handler in index.js"],
    ["export async function orders(req, res) {}", "orders in index.js"],
    ["export default (req, res) => {};", "the default export in index.js"],
    ["const orders = 1; export { orders as handler };", "handler in index.js"],
    ["export const LIMIT = 3; export function orders() {}", "orders in index.js"],
    [
      "const f = require('@google-cloud/functions-framework');\nf.http('orders', () => {});",
      'functions.http("orders") in index.js',
    ],
    [
      "import { http } from '@google-cloud/functions-framework';\nhttp('orders', () => {});",
      'functions.http("orders") in index.js',
    ],
  ];
  for (const [source, entry, files = {}] of cases) {
    assert.equal(scan(folderOf({ "index.js": source, ...files }), "index.js").entry, entry, source);
  }
  // In the form that the TypeScript compiler writes.
  const compiled = [
    '"use strict";',
    'Object.defineProperty(exports, "__esModule", { value: true });',
    "exports.connector = exports.LIMIT = exports.TABLES = void 0;",
    "exports.LIMIT = 3;",
    'exports.TABLES = makeTables("a");',
    "const connector = async (req, res) => {};",
    "exports.connector = connector;",
  ].join("\n");
  assert.equal(scan(folderOf({ "index.js": compiled }), "index.js").entry, "connector in index.js");
  assert.equal(
    scan(folderOf({ "index.js": "exports.a = make(1); exports.b = make(2);" }), "index.js").entry,
    "the export of index.js",
  );
  assert.equal(
    scan(folderOf({ "index.js": "exports.a = () => {}; exports.b = () => {};" }), "index.js", { entry: "b" }).entry,
    "b in index.js",
  );
});

test("a function that can't be served is reported in one line with file and line", () => {
  const framework = "const f = require('@google-cloud/functions-framework');\n";
  const cases = [
    ["const a = 1;", /^index\.js has no function that answers requests/],
    ["exports.LIMIT = 3;", /^index\.js has no function/],
    [
      "exports.a = async () => {}; exports.b = g;\nfunction g() {}",
      /^index\.js has several functions that could answer requests: a, b; choose one with --entry$/,
    ],
    [`${framework}f.http('a', g); f.http('b', g);`, /several functions that could answer requests: a, b/],
    [
      `${framework}f.cloudEvent('a', g);`,
      /^index\.js:2: a function for cloud events can't be served: .*functions\.http$/,
    ],
    [
      "const express = require('express');\nexports.app = express();",
      /^index\.js:1: an application of Express can't be served/,
    ],
    [
      "\nconst dns = require('dns');",
      /^index\.js:2: the Node module dns is not available in a connector: /,
    ],
    [
      "import { spawn } from 'node:child_process';",
      /^index\.js:1: the Node module node:child_process .*: a connector can't start programs/,
    ],
    ["require('worker_threads')", /:1: the Node module worker_threads .*single thread/],
    ["require('net')", /:1: the Node module net /],
    ["const pg = require('pg');", /^index\.js:1: the package pg can't be bundled: it needs its own sockets/],
    ["require('@google-cloud/secret-manager')", /the package @google-cloud\/secret-manager can't be bundled/],
    ["require('sharp')", /the package sharp can't be bundled: it is native code/],
    ["\n\nrequire('./gone')", /^index\.js:3: no such file: \.\/gone$/],
    ["require('../outside')", /no such file: \.\.\/outside/],
    ["const a = 'b", /^index\.js:1: SyntaxError: Invalid or unexpected token$/],
    ["\nconst a = ;", /^index\.js:2: SyntaxError: Unexpected token ';'$/],
    ["const a = 1;\nconst a = 2;", /^index\.js:2: SyntaxError: Identifier 'a' has already been declared$/],
  ];
  for (const [source, message] of cases) {
    assert.throws(
      () => scan(folderOf({ "index.js": source }), "index.js"),
      (error) => {
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /\n/);
        return error.constructor.name === "NotServed";
      },
      source,
    );
  }
  const broken = folderOf({ "index.js": HANDLER, "package.json": "{" });
  assert.throws(() => scan(broken, "index.js"), /package\.json is not valid JSON/);
  const outside = folderOf({
    "index.js": `require('a');${HANDLER}`,
    "package.json": '{"dependencies": {"a": "file:../a"}}',
  });
  assert.throws(() => scan(outside, "index.js"), /takes a from \.\.\/a, which is outside/);
  const linked = folderOf({ "index.js": `require('./link');${HANDLER}` });
  symlinkSync(join(outside, "index.js"), join(linked, "link.js"));
  assert.throws(() => scan(linked, "index.js"), /\.\/link is outside of the function's folder/);
  assert.throws(
    () => scan(folderOf({ "index.js": "exports.a = f;" }), "index.js", { entry: "b" }),
    /has no function b; it has a/,
  );
});

test("all packages that can't be bundled, or that aren't listed, are reported at once", () => {
  const reported = (content, files) => {
    let message;
    assert.throws(
      () => found(content, files),
      (error) => {
        message = error.message.split("\n");
        return error.constructor.name === "NotServed";
      },
    );
    return message;
  };
  assert.deepEqual(
    reported("require('pg');\nrequire('net');\nrequire('sharp');\nrequire('pg');").map((line) => line.slice(0, 29)),
    [
      "index.js:1: the package pg ca",
      "index.js:2: the Node module n",
      "index.js:3: the package sharp",
      "index.js:4: the package pg ca",
    ],
  );
  assert.deepEqual(
    reported("const a = require('lodash/get');\nrequire('@scope/b/c'); require('lodash');", { "package.json": "{}" }),
    [
      "index.js:1: the package lodash is unknown: package.json does not list it (run `npm install lodash` in the function's folder)",
      "index.js:2: the package @scope/b is unknown: package.json does not list it (run `npm install @scope/b` in the function's folder)",
    ],
  );
});

test("a module that mixes both forms is reported before anything is built", () => {
  const cases = [
    ["index.js", "exports.handler = f;", { type: "module" }, /:1: `exports` is not available in an ECMAScript module \("type"/],
    ["index.js", "\nmodule.exports = { handler };", { type: "module" }, /:2: `module\.exports` is not available in an ECMAScript module/],
    ["index.mjs", "const a = require('./a.json'); export const handler = f;", {}, /`require` is not available in an ECMAScript module .*\.mjs/],
    ["index.js", "import a from './a.js';\nexports.handler = a;", {}, /:2: .*an ECMAScript module \(`import` in line 1\)/],
    ["index.cjs", "import a from './a.js';", {}, /:1: `import` is not available in a CommonJS module \(\.cjs\): use require/],
    ["index.js", "export const handler = f;", { type: "commonjs" }, /`export` is not available in a CommonJS module \("type": "commonjs"/],
  ];
  const others = { "a.json": "{}", "a.js": "" };
  for (const [file, content, manifest, message] of cases) {
    const folder = folderOf({ [file]: content, "package.json": JSON.stringify(manifest), ...others });
    assert.throws(() => scan(folder, file), message, content);
  }
  const good = [
    ["index.js", "import a from './a.js'; export const handler = () => a;", {}],
    ["index.js", "const a = require('./a.js'); exports.handler = () => a;", {}],
    ["index.cjs", "exports.handler = () => require('./a.js');", { type: "module" }],
    ["index.js", "exports.handler = async () => import('./a.js');", { type: "commonjs" }],
    [
      "index.mjs",
      "import { createRequire } from 'module'; const require = createRequire(import.meta.url); export const handler = () => require('./a.json');",
      {},
    ],
    ["index.mjs", "export const handler = (exports) => typeof require + exports.a;", {}],
    ["lib/index.js", "exports.handler = () => 1;", { type: "module" }, { "lib/package.json": "{}" }],
  ];
  for (const [file, content, manifest, more = {}] of good) {
    const folder = folderOf({ [file]: content, "package.json": JSON.stringify(manifest), ...others, ...more });
    assert.doesNotThrow(() => scan(folder, file), content);
  }
});

test("TypeScript is read without compiling, and an import of types alone needs no package", () => {
  const folder = folderOf({
    "src/index.ts": [
      'import type { APIGatewayProxyEventV2, Context } from "aws-lambda";',
      'import { Request } from "express";',
      'import dayjs, { type Dayjs } from "dayjs";',
      'import { rows } from "./rows.js";',
      "interface Page { insert: Record<string, unknown>[] }",
      "const token = process.env.API_TOKEN!;",
      "export const handler = async (event: APIGatewayProxyEventV2): Promise<Page> => {",
      "  const at: Dayjs = dayjs(); const like = (one: Request) => one as unknown;",
      "  return { insert: await rows(token, at) };",
      "};",
    ].join("\n"),
    "src/rows.ts": 'export const rows = async (token: string) => fetch("https://api.example.com/rows");',
    "package.json": '{"dependencies": {"dayjs": "1"}, "devDependencies": {"@types/express": "4"}}',
  });
  const { dependencies, entry, entry_line, hosts, variables } = scan(folder, "src/index.ts");
  assert.deepEqual([entry, entry_line, dependencies], ["handler in src/index.ts", 7, { dayjs: "1" }]);
  assert.equal(hosts[0].origin, "https://api.example.com");
  assert.deepEqual(shown({ variables }), ["API_TOKEN"]);
});

test("optional imports may be missing, and hints and differences are listed", () => {
  assert.doesNotThrow(() => found("try { require('net'); } catch {}"));
  const { hints, notes } = found(
    [
      "let cached = null; let same = 1; const list = [];",
      "const token = process.env.API_TOKEN;",
      "const headers = { Authorization: `Bearer ${token}` };",
      "async function page(state) {",
      "  cached = await login();",
      "  state.access_token = cached;",
      "  state.next_page_token = 3;",
      "  await new Promise((done) => setTimeout(done, 60_000));",
      "  await new Promise((done) => setTimeout(done, 500));",
      "}",
    ].join("\n"),
  );
  assert.match(hints[0], /sends API_TOKEN in a header[^]*kind = "bearer"\ntoken = \{ env = "API_TOKEN" \}/);
  assert.match(hints[1], /contain a token \(index\.js:6: state\.access_token\)[^]*secret-in-state = "allow"/);
  assert.equal(hints.length, 2);
  assert.deepEqual(notes, [
    "index.js:8: setTimeout(… 60_000) is longer than answer-within: until it ends, Weld receives pending pages and asks again",
    "index.js: the module is loaded again for each page, so cached is lost after it",
  ]);
});

test("calls that work in a process but not in a component are noted with their lines", () => {
  const notes = found(
    "const fs = require('fs');\nif (a) process.exit(1);\nfs.writeFileSync('a', 'b');\nfs.unlinkSync('a');\nprocess.on('exit', f);",
  ).notes;
  assert.deepEqual(
    notes.map((line) => line.replace(/: .*(fails.*)$/, ": $1")),
    [
      "index.js:3: fails",
      "index.js:4: fails",
      "index.js:2: fails the page",
    ],
  );
});

test("the unit of the function's own sleep is read from its source", () => {
  const notes = (sleep, pause) => found(`const sleep = ${sleep};\nasync function page() { await sleep(${pause}); }`).notes;
  assert.deepEqual(notes("(ms) => new Promise((done) => setTimeout(done, ms))", 100), []);
  assert.match(notes("(ms) => new Promise((done) => setTimeout(done, ms))", "100_000")[0], /sleep\(… 100_000\) is longer than/);
  for (const length of ["s * 1000", "1_000 * s", "s * 1e3"]) {
    const seconds = `(s) => new Promise((done) => setTimeout(done, ${length}))`;
    assert.match(notes(seconds, 100)[0], /:2: sleep\(… 100\) is longer than/, length);
    assert.deepEqual(notes(seconds, 0.5), [], length);
  }
});
