import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL("..", import.meta.url));
const command = join(here, "node_modules/.bin/weld-connector");
// Below the tools' folder, and with spaces in its name.
const folder = mkdtempSync(join(here, "with a space "));
after(() => rmSync(folder, { recursive: true }));

function build(content, ...values) {
  writeFileSync(join(folder, "connector.js"), content);
  const { status, stdout, stderr } = spawnSync(command, ["build", ...values], { cwd: folder, encoding: "utf8" });
  return { status, said: stdout + stderr };
}

const GOOD = 'import { connector } from "weld-connector";\nexport const source = connector({ tables: {} });\n';

test("connector.js becomes a component named after the package, and no other files remain", () => {
  writeFileSync(join(folder, "package.json"), '{"name": "@scope/shop", "type": "module"}');
  const { status, said } = build(GOOD);
  assert.equal(status, 0, said);
  assert.match(said, /^built .*\/shop\.wasm\n$/);
  assert.deepEqual(readdirSync(folder).sort(), ["connector.js", "package.json", "shop.wasm"]);
});

test("a connector that can't be built is an error, and leaves no files", () => {
  const cases = [
    ["export const other = 1;", /No matching export in "connector\.js" for import "source"/],
    [
      "const token = process.env.TOKEN;\nexport const source = token;",
      /the environment can't be used while modules load/,
    ],
    [
      'import { fetch } from "weld-connector";\nfetch("https://h/");\nexport const source = await 1;',
      /Top-level await is not available/,
    ],
    [
      'import "node:fs";\nexport const source = 1;',
      /connector\.js:1:8: Could not resolve "node:fs"[^]*the Node module node:fs is not available .*: a connector has no files/,
    ],
    ['const http = require("http");\nexport const source = http;', /connector\.js:1:\d+: .*"http"[^]*use fetch/],
    [
      'import { pipeline } from "stream";\nexport const source = pipeline;',
      /connector\.js:1:\d+: .*"stream"[^]*response\.text/,
    ],
    [
      'import { createKey } from "crypto";\nexport const source = createKey;',
      /No matching export in .* for import "createKey"/,
    ],
    ['import "not-installed/part";\nexport const source = 1;', /run `npm install not-installed`$/m],
    ['import "./nowhere.js";\nexport const source = 1;', /^(?![^]*no such file[^]*no such file)[^]*"; no such file\n$/],
    ["export const source = ;", /connector\.js:1:23: Unexpected ";"[^]*\nweld-connector: connector\.js:1: Unexpected ";"\n$/],
    ["export default 1;", /connector\.js: No matching export .*; end connector\.js with `export const source = connector/],
    ["export const source = 3;", /the export `source` is not a connector: write export const source = connector/],
    [
      "const rates = {};\nfunction first() {\n  return rates.eur.usd;\n}\nfirst();\nexport const source = 1;",
      /^connector\.js:3\n    return rates\.eur\.usd;\n[^]*at first \(connector\.js:3\)\n[^]*\nweld-connector: connector\.js:3: cannot read property 'usd' of undefined; modules load when/,
    ],
    ["const call = () => call() + 1;\ncall();\nexport const source = 1;", /a function calls itself without end/],
    ["throw 3;\nexport const source = 1;", /a module threw 3, which is not an Error/],
    [
      Array.from({ length: 12 }, (_, index) => `import "absent${index}";`).join("\n"),
      /… 8 more errors …\nweld-connector: connector\.js:1: Could not resolve "absent0"; .*; 1[12] more\n$/,
    ],
  ];
  for (const [content, message] of cases) {
    const { status, said } = build(content, "--out", "broken.wasm");
    assert.equal(status, 1, said);
    assert.match(said, message);
    assert.doesNotMatch(said, /node:internal/, "a mistake of the author needs no stack");
    assert.doesNotMatch(said, /platform|external|overrides/, "esbuild's options don't concern the author");
    assert.doesNotMatch(said, /wasm|quickjs|evaluat|\.weld-connector/i, "neither does the engine");
    assert.ok(said.trimEnd().split("\n").length <= 20, said);
  }
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith(".") || name === "broken.wasm"),
    [],
  );
});

test("the folders of builds that were killed are removed by the next build, and those of running builds are not", () => {
  const running = `.weld-connector-${process.pid}-a1b2c3`;
  const ended = String(spawnSync("true").pid);
  for (const name of [".weld-connector-A1b2C3", `.weld-connector-${ended}-a1b2c3`, running]) mkdirSync(join(folder, name));
  assert.equal(build(GOOD).status, 0);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith(".")),
    [running],
  );
  rmSync(join(folder, running), { recursive: true });

  const packages = join(folder, "node_modules/.weld-connector");
  mkdirSync(join(packages, `${ended}-a1b2c3`), { recursive: true });
  assert.equal(build(GOOD).status, 0);
  assert.deepEqual(readdirSync(packages), []);
  rmSync(join(folder, "node_modules"), { recursive: true });
});

test("invalid arguments are errors that name the valid ones", () => {
  const cases = [
    [["--engine", "v8"], /unknown engine v8: use quickjs or starlingmonkey/],
    [["--speed"], /Unknown option '--speed'[^]*Usage: weld-connector/],
    [["nowhere.js"], /no such file: .*nowhere\.js/],
    [["a.js", "b.js"], /expected one entry, not 2: a\.js, b\.js/],
  ];
  for (const [values, message] of cases) {
    const { status, said } = build(GOOD, ...values);
    assert.deepEqual([status, message.test(said)], [1, true], said);
  }
  assert.match(build(GOOD, "--help").said, /^Usage: /);
});

test("parts that a connector doesn't use aren't in its component", () => {
  const sizeOf = (content) => {
    const { status, said } = build(content, "--out", "size.wasm");
    assert.equal(status, 0, said);
    return statSync(join(folder, "size.wasm")).size;
  };
  const plain = sizeOf(GOOD);
  assert.ok(!readFileSync(join(folder, "size.wasm")).includes("get-random-u64"));
  const all = sizeOf(`${GOOD}export const used = () => [crypto.randomUUID(), new Date().toLocaleString()];\n`);
  // Other exports of the entry aren't used, either. Another name makes a difference of a few bytes.
  assert.ok(Math.abs(all - plain) < 100, `${all} and ${plain} bytes`);
  sizeOf(`${GOOD}globalThis.used = () => crypto.randomUUID();\n`);
  assert.ok(readFileSync(join(folder, "size.wasm")).includes("get-random-u64"));
});

test("a component contains no memory that the engine had freed, such as the text of the modules", () => {
  const { status, said } = build(`${GOOD}globalThis.used = (globalThis.absent?.some ?? 1) + (() => 4711).length;\n`);
  assert.equal(status, 0, said);
  const component = readFileSync(join(folder, "shop.wasm"));
  // A function keeps its text; a module doesn't.
  assert.ok(component.includes("() => 4711"));
  assert.ok(!component.includes("globalThis.absent?.some"));
  assert.ok(!component.includes("globalThis.weldConnectorLines = "));
  assert.ok(component.length < 2_250_000, `${component.length} bytes`);
});
