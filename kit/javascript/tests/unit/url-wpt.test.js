// The test data of web-platform-tests (`url/resources`), from the crate with which the host parses URLs. The kit's
// `URL` must parse a URL within its limits as the standard says. A URL beyond them must be an error.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";

import { URL as KitUrl } from "../../src/url.js";

const PARTS = "href origin protocol username password host hostname port pathname search hash".split(" ");
const WRITABLE = ["href", "pathname", "search", "hash"];

// Uses the version in `Cargo.lock`.
function rowsOf(file) {
  const here = dirname(fileURLToPath(import.meta.url));
  // For one platform only, so that crates of other platforms are not fetched.
  const line = "metadata --quiet --locked --format-version 1 --filter-platform x86_64-unknown-linux-gnu";
  const metadata = execFileSync("cargo", line.split(" "), { cwd: here, encoding: "utf8", maxBuffer: 2 ** 28 });
  const { packages } = JSON.parse(metadata);
  const { manifest_path: manifest } = packages.find(({ name }) => name === "url");
  return JSON.parse(readFileSync(join(dirname(manifest), "tests", file), "utf8"));
}

const isWeb = (url) => /^https?:/.test(url);

// The host as written, which is enough to see whether it is in ASCII and without escapes.
function hostOf(input) {
  const authority = /^\s*(?:https?:[/\\]*|[/\\]{2,})([^/\\?#]*)/i.exec(input)?.[1] ?? "";
  return authority.slice(authority.lastIndexOf("@") + 1);
}

test("URLs are parsed as the standard says", (context) => {
  const rows = rowsOf("urltestdata.json").filter((row) => typeof row === "object");
  const count = { within: 0, invalid: 0, beyond: 0, unchecked: 0 };
  for (const { input, base, failure, ...expected } of rows) {
    const name = JSON.stringify({ input, base });
    const read = () => new KitUrl(input, base ?? undefined);
    if (failure && /^https?:.*\bxn--/i.test(input)) {
      // A label in Punycode is kept unchanged.
      count.unchecked += 1;
      assert.equal(read().hostname, hostOf(input).toLowerCase(), name);
    } else if (failure) {
      count.invalid += 1;
      assert.throws(read, TypeError, name);
    } else if (!isWeb(expected.href) || (base && !isWeb(base)) || /[^\0-\x7f]|%/.test(hostOf(input))) {
      count.beyond += 1;
      assert.throws(read, TypeError, name);
    } else {
      count.within += 1;
      const url = read();
      for (const part of PARTS) {
        if (expected[part] !== undefined) assert.equal(url[part], expected[part], `${part} of ${name}`);
      }
    }
  }
  context.diagnostic(`of ${rows.length} rows: ${JSON.stringify(count)}`);
  assert.ok(count.within >= 200 && count.invalid >= 250, JSON.stringify(count));
});

test("URLs are changed as the standard says", (context) => {
  const all = rowsOf("setters_tests.json");
  let count = 0;
  for (const part of WRITABLE) {
    for (const { href, new_value: value, expected } of all[part].filter(({ href }) => isWeb(href))) {
      count += 1;
      const url = new KitUrl(href);
      url[part] = value;
      for (const [name, text] of Object.entries(expected)) {
        assert.equal(url[name], text, `${name} of ${href} after ${part} = ${JSON.stringify(value)}`);
      }
    }
  }
  context.diagnostic(`${count} rows`);
  assert.ok(count >= 30, `${count} rows`);
});
