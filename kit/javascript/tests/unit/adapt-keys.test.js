// Tests where a function looks for the key in a request, and what it compares the key with.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { scan } from "../../bin/adapt/scan.js";

const folders = [];
after(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

/** The findings for a function with this body, which uses `req`, `event` and `res`. */
function found(content, files = {}, options = {}) {
  const folder = mkdtempSync(join(tmpdir(), "function-"));
  folders.push(folder);
  const text = `const crypto = require("crypto");\nasync function page(req, res, event) { ${content} }\nexports.handler = page;\n`;
  for (const [name, its] of Object.entries({ "index.js": text, ...files })) writeFileSync(join(folder, name), its);
  return scan(folder, "index.js", options);
}

const shown = ({ keys }) =>
  keys.map(({ header, argument, prefix, variable, text }) => {
    const place = header === undefined ? `?${argument}` : header;
    return `${place}: ${prefix}${variable ?? JSON.stringify(text)}`;
  });

test("a key is found in headers and query parameters, however they are read and compared", () => {
  const cases = {
    "if (req.headers['x-api-key'] !== process.env.K) f()": ["x-api-key: K"],
    "const { K = '' } = process.env; const a = Buffer.from(req.headers['x-weld-auth'] || ''); const b = Buffer.from(K); if (a.length !== b.length || !crypto.timingSafeEqual(a, b)) f()":
      ["x-weld-auth: K"],
    "const K = process.env.K_OF_WELD;\nconst a = Buffer.from(req.get('x-weld-auth') || ''), b = Buffer.from(K);\nif (a.length === b.length && crypto.timingSafeEqual(a, b)) f()":
      ["x-weld-auth: K_OF_WELD"],
    "if (crypto.createHash('sha256').update(req.get('x-api-key')).digest('hex') !== process.env.K) f()": [],
    "if (req.get('X-Api-Key') !== process.env.K) f()": ["x-api-key: K"],
    "if (req.header('x-weld-token') != process.env.K) f()": ["x-weld-token: K"],
    "const h = event.headers || {}; if (h['x-key'] !== process.env.K) f()": ["x-key: K"],
    "if ((event.headers?.['x-api-key'] ?? '') !== process.env.K) f()": ["x-api-key: K"],
    "const { 'x-api-key': given } = req.headers; if (process.env.K !== given) f()": ["x-api-key: K"],
    "if (req.query.key !== process.env.K) f()": ["?key: K"],
    "const { key } = req.query; const wanted = process.env.K; if (key !== wanted) f()": ["?key: K"],
    "if (event.queryStringParameters?.token !== process.env.K) f()": ["?token: K"],
    "const url = new URL(req.url, 'http://h'); if (url.searchParams.get('key') !== process.env.K) f()": ["?key: K"],
    "if (!crypto.timingSafeEqual(Buffer.from(req.get('x-api-key') || ''), Buffer.from(process.env.K))) f()": [
      "x-api-key: K",
    ],
    "const sameKey = (a, b) => a === b; const safeEqual = sameKey; if (!safeEqual(req.query.key, process.env.K)) f()": [
      "?key: K",
    ],
    "const eq = (a, b) => { const x = Buffer.from(a || ''); return crypto.timingSafeEqual(x, Buffer.from(b)); }; if (!eq(req.query.key, process.env.K)) f()":
      ["?key: K"],
    "const hash = (v) => crypto.createHash('sha256').update(v).digest(); const a = hash(req.get('x-api-key')); const b = hash(process.env.K); if (!crypto.timingSafeEqual(a, b)) f()":
      ["x-api-key: K"],
    "const keys = process.env.KEYS.split(','); if (!keys.includes(req.get('x-api-key'))) f()": ["x-api-key: KEYS"],
    "if (req.query.key !== process.env.K) f(); if (req.get('x-api-key') !== process.env.L) f()": [
      "?key: K",
      "x-api-key: L",
    ],
  };
  for (const [source, keys] of Object.entries(cases)) assert.deepEqual(shown(found(source)), keys, source);
});

test("the prefix before the key in the header is sent, too", () => {
  const cases = {
    "if (req.headers.authorization !== `Bearer ${process.env.K}`) f()": ["authorization: Bearer K"],
    "const { authorization } = req.headers; if (authorization !== 'Token ' + process.env.K) f()": [
      "authorization: Token K",
    ],
    "const t = (req.headers.authorization || '').split(' ')[1]; if (t !== process.env.K) f()": [
      "authorization: Bearer K",
    ],
    "const t = req.get('authorization').replace(/^Bearer /, ''); if (t !== process.env.K) f()": [
      "authorization: Bearer K",
    ],
    "const bearer = (r) => r.headers.authorization.slice(7); if (bearer(req) !== process.env.K) f()": [
      "authorization: Bearer K",
    ],
    "if (req.headers.authorization !== process.env.K) f()": ["authorization: K"],
  };
  for (const [source, keys] of Object.entries(cases)) assert.deepEqual(shown(found(source)), keys, source);
});

test("a check in another module, or against a value of another module, is found", () => {
  const uses = "const { check } = require('./auth'); if (!check(req)) return;";
  const whole = { "auth.js": "exports.check = (req) => req.headers['x-api-key'] === process.env.K;" };
  assert.deepEqual(shown(found(uses, whole)), ["x-api-key: K"]);
  const given = { "auth.js": "function check(given) { return given === process.env.K; }\nmodule.exports = { check };" };
  assert.deepEqual(shown(found("const { check } = require('./auth'); check(req.get('x-api-key'))", given)), [
    "x-api-key: K",
  ]);
  const config = { "config.js": "module.exports = { apiKey: process.env.K, base: process.env.BASE };" };
  const compares = "const config = require('./config'); if (req.query.key !== config.apiKey) f(); g(config.base);";
  const { keys, variables } = found(compares, config);
  assert.deepEqual(shown({ keys }), ["?key: K"]);
  assert.deepEqual(
    variables.map(({ name }) => name),
    ["BASE"],
  );
});

test("a key in the source is sent unchanged, and a note names it", () => {
  const { keys, key_variable, notes } = found("\nif (req.headers['x-api-key'] !== 'hunter2-secret') f()");
  assert.deepEqual([shown({ keys }), key_variable], [['x-api-key: "hunter2-secret"'], null]);
  assert.match(notes[0], /^index\.js:3: the key that the function expects in the header x-api-key is written in its source: /);
  assert.deepEqual(shown(found("const KEY = 's3cret';\nif (req.get('authorization') !== `Bearer ${KEY}`) f()")), [
    'authorization: Bearer "s3cret"',
  ]);
});

test("other comparisons are not key checks", () => {
  for (const source of [
    "if (req.headers['content-type'] !== 'application/json') f()",
    "if (req.headers.host === process.env.HOSTNAME) f()",
    "if (req.method !== 'POST' || req.query.page === 'all') f()",
    "if (req.query.page_token === 'first') f()",
    "if (req.headers.authorization === '') f()",
    "const res2 = 1; const response = await get(); if (response.headers['x-token'] === process.env.K) f()",
    "if (a.length === process.env.K) f()",
  ]) {
    assert.deepEqual(shown(found(source)), [], source);
  }
});

test("the author's choice of the variable takes precedence, and a name like Weld's is the last resort", () => {
  const two = "if (req.query.key !== process.env.K) f(); if (req.get('x-api-key') !== process.env.L) f()";
  assert.deepEqual(shown(found(two, {}, { keyVariable: "L" })), ["x-api-key: L"]);
  assert.deepEqual(shown(found(two, {}, { keyVariable: "M" })), ["authorization: Bearer M"]);
  assert.deepEqual(shown(found("f(process.env.WELD_API_KEY)")), ["authorization: Bearer WELD_API_KEY"]);
  assert.deepEqual(shown(found("f(process.env.API_KEY)")), []);
});
