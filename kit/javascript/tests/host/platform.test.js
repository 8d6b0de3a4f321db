import assert from "node:assert/strict";
import crypto from "node:crypto";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { serve } from "./server.js";

const { COMPONENTS, CACHE } = process.env;
let folder, host;

before(async () => {
  folder = await mkdtemp(join(COMPONENTS, "platform-"));
  await symlink(join(COMPONENTS, "platform.wasm"), join(folder, "platform.wasm"));
  host = await serve(folder, CACHE, ["platform"]);
});
after(async () => {
  await host?.stop();
  await rm(folder, { recursive: true, force: true });
});

const values = async (name) => {
  const { status, body } = await host.ask("platform", name);
  assert.equal(status, 200, JSON.stringify(body));
  return body.insert[0].values;
};

test("digests and HMACs are Node's", async () => {
  assert.deepEqual(await values("signed"), [
    crypto.createHmac("sha256", "key").update("text").digest("hex"),
    crypto.createHmac("sha1", "key").update("text").digest("base64"),
    crypto.createHash("md5").update("é").digest("hex"),
    crypto.createHash("sha512").update("text").digest("base64url"),
  ]);
  assert.deepEqual(await values("subtle"), [
    crypto.createHash("sha256").update("text").digest("hex"),
    crypto.createHmac("sha256", "key").update("text").digest("hex"),
  ]);
  assert.deepEqual(await values("timing"), [true, false]);
});

test("random values come from the host, and differ between pages", async () => {
  const pages = [await values("random"), await values("random")];
  assert.equal(new Set(pages.flat()).size, 8);
  for (const uuid of pages.flatMap(([one, other]) => [one, other])) {
    assert.match(uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  }
});

test("buffers, clones and other modules of Node work", async () => {
  assert.deepEqual(await values("buffer"), [Buffer.from("aé€").toString("base64"), "ff00", 3, 258]);
  assert.deepEqual(await values("clone"), [true, true, true, "1", true]);
  assert.deepEqual((await values("others")).slice(0, 5), [4, "/a/c.txt", ".txt", "a=1&a=%C3%A9", "{ a: [ 1 ] }"]);
  assert.deepEqual(await values("aborted"), ["AbortError", false, true]);
});

test("texts are in the requested time zone and language", async () => {
  assert.deepEqual(await values("zones"), [
    "2.7.2026, 03:04:05",
    "Jul 1, 2026, 9:04 PM",
    "2026-07-01",
    "06:34:05",
    "2026-07-02 11:04:05",
    "UTC",
    "1,234,567.891",
    "1.234.567,891",
  ]);
  assert.deepEqual(await values("local"), [1, 0, "2026-07-02T01:04:05.000Z"]);
});

test("an unsupported feature is an error that names the alternative", async () => {
  const said = await values("refused");
  const expected = [
    /^RangeError: Intl does not support the language fr-FR/,
    /^RangeError: Invalid time zone specified: Mars\/Base/,
    /^RangeError: Intl does not support month long in de-DE.*build the text/,
    /^RangeError: Intl does not support currency EUR|^RangeError: Intl does not support style currency/,
    /^RangeError: localeCompare supports no language and no options/,
    /^RangeError: toLocaleUpperCase does not support the language tr/,
    /^TypeError: crypto\.createSign is not available in a connector: .*\[auth\.NAME\]/,
    /^TypeError: the digest "whirlpool" is not available; use one of md5/,
  ];
  for (const [index, pattern] of expected.entries()) assert.match(said[index], pattern);
  const { body } = await host.ask("platform", "undefined_global");
  assert.match(body.error.message, /ReferenceError: FormData is not defined: send URLSearchParams/);
});
