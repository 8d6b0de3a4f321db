// Tests the files of a function: the data files that it reads, and the paths of its modules.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { dataOf, placed } from "../../bin/own-files.js";
import fs, { existsSync, promises, readFile, readFileSync, readdirSync, statSync } from "../../src/adapt/fs.js";
import { files } from "../../src/adapt/files.js";
import { fileURLToPath } from "../../src/adapt/url.js";

Object.assign(files, { "/tables.json": '{"a": "ü"}', "/data/zones.bin": { base64: "AP8=" } });

test("data files are read as Node reads them", async () => {
  assert.equal(readFileSync("/tables.json", "utf8"), '{"a": "ü"}');
  assert.equal(JSON.parse(readFileSync("./tables.json")).a, "ü");
  assert.equal(readFileSync("data/../tables.json", { encoding: "utf-8" }).length, 10);
  assert.deepEqual([...readFileSync("data/zones.bin")], [0, 255]);
  assert.equal(readFileSync(new URL("./tables.json", "https://function.invalid/index.mjs"), "utf8").length, 10);
  assert.equal(fileURLToPath(new URL("../tables.json", "https://function.invalid/lib/a.mjs")), "/tables.json");
  assert.equal(await promises.readFile("tables.json", "utf8"), '{"a": "ü"}');
  const called = await new Promise((done) => readFile("tables.json", "utf8", (error, text) => done([error, text])));
  assert.deepEqual(called, [null, '{"a": "ü"}']);
  assert.deepEqual(readdirSync("/"), ["data", "tables.json"]);
  assert.deepEqual([existsSync("data"), existsSync("gone"), existsSync("data/zones.bin")], [true, false, true]);
  assert.deepEqual([statSync("data").isDirectory(), statSync("tables.json").size], [true, 11]);
});

test("a missing file is ENOENT, and writing a file is an error", async () => {
  assert.throws(() => readFileSync("gone.json"), { code: "ENOENT" });
  assert.throws(() => readdirSync("gone"), { code: "ENOENT" });
  await assert.rejects(promises.readFile("gone.json"), { code: "ENOENT" });
  assert.equal((await new Promise((done) => readFile("gone", done))).code, "ENOENT");
  assert.throws(
    () => fs.writeFileSync("/tmp/state.json", "{}"),
    /writeFileSync fails: a component can't write files/,
  );
  await assert.rejects(promises.writeFile("/tmp/a", ""), /can't write files/);
});

test("a module's own definition of require is removed, so that the bundler's is used", () => {
  const own = "const require = createRequire(import.meta.url);";
  const expected = `${" ".repeat(own.length - 1)}; const a = require("./a.json"); f("https://function.invalid/a.mjs")`;
  assert.equal(placed(`${own} const a = require("./a.json"); f(import.meta.url)`, "/a.mjs"), expected);
  const other = "const load = createRequire(base);";
  assert.equal(placed(other, "/a.mjs"), other);
});

test("modules get their paths, and their line numbers stay the same", () => {
  const cases = [
    ["join(__dirname, 'a.json')\n// __dirname", "join(\"/lib\", 'a.json')\n// __dirname"],
    ["f(__filename, `${__dirname}/x`)", 'f("/lib/a.js", `${"/lib"}/x`)'],
    [
      "const __dirname = f(import.meta.url);\ng(__dirname)",
      'const __dirname = f("https://function.invalid/lib/a.js");\ng(__dirname)',
    ],
    ["import.meta.dirname + import.meta.filename", '"/lib" + "/lib/a.js"'],
    ["import.meta.env; a.__dirname; '__dirname'", "import.meta.env; a.__dirname; '__dirname'"],
  ];
  for (const [text, expected] of cases) assert.equal(placed(text, "/lib/a.js"), expected);
});

test("all files except scripts are data files, up to 8 MiB together", () => {
  const folder = mkdtempSync(join(tmpdir(), "data-"));
  try {
    const write = (path, content) => {
      mkdirSync(join(folder, path, ".."), { recursive: true });
      writeFileSync(join(folder, path), content);
    };
    for (const path of ["index.js", "lib/a.mjs", "package.json", "node_modules/a/a.json", ".hidden"]) write(path, "x");
    write("data/a.csv", "ü");
    write("b.bin", Buffer.from([0xff]));
    assert.deepEqual(dataOf(folder), { "/data/a.csv": "ü", "/b.bin": { base64: "/w==" } });
    write("large.csv", "x".repeat((8 << 20) - 3));
    assert.equal(Object.keys(dataOf(folder)).length, 3);
    write("c.csv", "x");
    assert.throws(() => dataOf(folder), /data files of the function are larger than 8 MiB together: .* exceeds the limit/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
