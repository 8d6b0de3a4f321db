import assert from "node:assert/strict";
import { Buffer as NodeBuffer } from "node:buffer";
import crypto from "node:crypto";
import path from "node:path";
import querystring from "node:querystring";
import { test } from "node:test";

import { DateTimeFormat } from "../../src/intl/dates.js";
import { NumberFormat } from "../../src/intl/numbers.js";
import { zoneOf } from "../../src/intl/zone.js";
import { Buffer } from "../../src/node/buffer.js";
import { Digest, Hmac, names } from "../../src/node/hashes.js";
import * as ourPath from "../../src/node/path.js";
import * as ourQuery from "../../src/node/querystring.js";
import { structuredClone as ourClone } from "../../src/web/clone.js";

const hex = (bytes) => NodeBuffer.from(bytes).toString("hex");

test("digests and HMACs of messages of each length are Node's", () => {
  for (const name of names()) {
    for (let length = 0; length < 300; length += length > 140 ? 37 : 1) {
      const bytes = crypto.createHash("sha512").update(String(length)).digest();
      const message = NodeBuffer.concat(new Array(5).fill(bytes)).subarray(0, length);
      const half = length >> 1;
      const made = new Digest(name).update(message.subarray(0, half)).update(message.subarray(half)).finish();
      assert.equal(hex(made), crypto.createHash(name).update(message).digest("hex"), `${name} of ${length}`);
      const code = new Hmac(name, message).update(bytes).finish();
      assert.equal(hex(code), crypto.createHmac(name, message).update(bytes).digest("hex"), `${name} with ${length}`);
    }
  }
});

test("a Buffer reads and writes texts as Node's does", () => {
  const texts = ["", "a", "aé€😀", "ff0", "YWJj", "YWI=", "YQ", "_-8", "a b", "\ud800x", "\ufeffx"];
  for (const encoding of [
    "utf8",
    "UTF-8",
    "latin1",
    "binary",
    "ascii",
    "hex",
    "base64",
    "base64url",
    "utf16le",
    "ucs2",
  ]) {
    for (const text of texts) {
      const [ours, nodes] = [Buffer.from(text, encoding), NodeBuffer.from(text, encoding)];
      assert.equal(hex(ours), nodes.toString("hex"), `${JSON.stringify(text)} in ${encoding}`);
      assert.equal(ours.toString(encoding), nodes.toString(encoding), `${JSON.stringify(text)} as ${encoding}`);
    }
  }
  assert.throws(() => Buffer.from("a", "utf7"), /Unknown encoding: utf7/);
  assert.throws(() => Buffer.from(1), TypeError);
  const [ours, nodes] = [Buffer.alloc(16, "ab"), NodeBuffer.alloc(16, "ab")];
  for (const buffer of [ours, nodes]) {
    buffer.writeUInt32BE(0xfedcba98, 1);
    buffer.writeDoubleLE(1.5, 8);
    buffer.write("é", 5);
  }
  assert.equal(hex(ours), hex(nodes));
  assert.equal(ours.readUInt32BE(1), 0xfedcba98);
  assert.equal(JSON.stringify(ours.subarray(0, 2)), JSON.stringify(nodes.subarray(0, 2)));
  assert.ok(ours.slice(1, 3) instanceof Buffer);
  assert.equal(ours.indexOf("é"), nodes.indexOf("é"));
  assert.ok(Buffer.isBuffer(ours) && !Buffer.isBuffer(new Uint8Array()));
});

test("paths and queries behave as in Node", () => {
  const paths = ["", "a", "/", "/a/b/", "a/../b", "../a", "a//b/./c.tar.gz", ".x", "a.", "/a/b"];
  for (const one of paths) {
    for (const name of ["normalize", "dirname", "basename", "extname", "isAbsolute", "parse"]) {
      assert.deepEqual({ is: ourPath[name](one) }, { is: path.posix[name](one) }, `${name} of ${JSON.stringify(one)}`);
    }
    for (const other of paths)
      assert.equal(ourPath.join(one, other), path.posix.join(one, other), `${one} and ${other}`);
  }
  for (const text of ["a=1&b=2", "a=1&a=2&a=3", "a", "=1", "a=b=c", "a=%zz&b=%C3%A9", "x+y=z+1", "&&a=1"]) {
    assert.deepEqual({ ...ourQuery.parse(text) }, { ...querystring.parse(text) }, text);
  }
  for (const values of [{ a: 1, b: [1, "é"] }, { a: true, b: null, c: undefined, d: NaN }, {}]) {
    assert.equal(ourQuery.stringify(values), querystring.stringify(values));
  }
});

test("structuredClone copies and refuses the same values as Node's", () => {
  const shared = { n: 1 };
  const value = [
    new Date(0),
    /a/gi,
    new Map([[shared, new Set([shared])]]),
    new Uint8Array([1]),
    1n,
    null,
    undefined,
    "x",
    NaN,
  ];
  value.push(value, Object.create({ inherited: 1 }, { own: { value: shared, enumerable: true } }));
  assert.deepEqual(ourClone(value), structuredClone(value));
  assert.equal(ourClone(new TypeError("no")).message, "no");
  for (const refused of [() => 1, Symbol("x"), { f() {} }, new WeakMap(), Promise.resolve()]) {
    assert.throws(() => ourClone(refused), { name: "DataCloneError" });
  }
});

// The same times in each run.
function* instants(count) {
  for (let at = 0; at < count; at++) yield Math.floor(((at * 0.618033988749895) % 1) * 2.2e9) * 1000 + (at % 1000);
}

test("the offsets of all time zones are Node's", () => {
  let differ = 0;
  let seen = 0;
  for (const timeZone of Intl.supportedValuesOf("timeZone")) {
    const format = new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "longOffset" });
    const { offset } = zoneOf(timeZone);
    for (const time of instants(40)) {
      const [, sign, hours, minutes, seconds = "0"] =
        /GMT(?:([+-])(\d+):(\d+)(?::(\d+))?)?$/.exec(format.format(time)) ?? [];
      const theirs = sign === undefined ? 0 : (sign === "-" ? -1 : 1) * (60 * hours + Number(minutes) + seconds / 60);
      seen += 1;
      if (Math.round(theirs) !== offset(time)) differ += 1;
    }
  }
  // The database changes a little each year, and Node may have another version than the kit.
  assert.ok(seen > 15_000 && differ < seen / 500, `${differ} of ${seen} differ`);
  assert.throws(() => zoneOf("Europe/Nowhere"), RangeError);
  assert.equal(zoneOf("+05:30").offset(0), 330);
});

test("dates are written as Node writes them", () => {
  const digits = { year: "numeric", month: "2-digit", day: "2-digit" };
  const forAll = [
    {},
    digits,
    { ...digits, hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false },
    { ...digits, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", fractionalSecondDigits: 3 },
    {
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      timeZoneName: "longOffset",
    },
    { hour: "2-digit", minute: "2-digit" },
    { year: "numeric" },
    { year: "numeric", month: "2-digit" },
    { dateStyle: "short", timeStyle: "short" },
  ];
  const forEnglish = [
    { dateStyle: "full", timeStyle: "medium" },
    { dateStyle: "long" },
    { dateStyle: "medium" },
    { weekday: "short", month: "short", day: "numeric", hour: "numeric", minute: "2-digit" },
    { year: "numeric", month: "long", day: "numeric", weekday: "long" },
    { weekday: "long" },
    { month: "long" },
  ];
  const zones = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "America/St_Johns", "Australia/Lord_Howe"];
  const kinds = { toLocaleString: "all", toLocaleDateString: "date-only", toLocaleTimeString: "time" };
  for (const language of ["en-US", "en-GB", "en-CA", "de-DE", "sv-SE"]) {
    for (const options of language.startsWith("en") ? [...forAll, ...forEnglish] : forAll) {
      for (const [method, defaults] of Object.entries(kinds)) {
        if ((options.dateStyle && defaults === "time") || (options.timeStyle && defaults === "date-only")) continue;
        for (const time of instants(24)) {
          const asked = { ...options, timeZone: zones[time % zones.length] };
          const ours = new DateTimeFormat(language, asked, defaults).format(time);
          assert.equal(ours, new Date(time)[method](language, asked), `${method} ${language} ${JSON.stringify(asked)}`);
        }
      }
    }
  }
});

test("the parts of a date are Node's, which packages use to calculate offsets", () => {
  const options = {
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  };
  for (const time of instants(200)) {
    const format = new DateTimeFormat("en-US", { ...options, hourCycle: "h23", timeZone: "America/Sao_Paulo" });
    const theirs = new Intl.DateTimeFormat("en-US", { ...options, hourCycle: "h23", timeZone: "America/Sao_Paulo" });
    assert.deepEqual(format.formatToParts(time), theirs.formatToParts(time));
  }
});

test("numbers are written as Node writes them", () => {
  const numbers = [
    0,
    -0,
    1,
    -1234.5,
    999.9995,
    1e21,
    1e-7,
    1234567.891,
    0.5,
    2.5,
    1.005,
    NaN,
    Infinity,
    -Infinity,
    10n ** 20n,
  ];
  const options = [
    {},
    { minimumFractionDigits: 2 },
    { maximumFractionDigits: 0 },
    { style: "percent" },
    { useGrouping: false },
  ];
  for (const language of [undefined, "en-US", "en-GB", "de-DE", "sv-SE"]) {
    for (const asked of options) {
      for (const number of numbers) {
        const theirs = number.toLocaleString(language ?? "en-US", asked);
        assert.equal(
          new NumberFormat(language, asked).format(number),
          theirs,
          `${language} ${number} ${JSON.stringify(asked)}`,
        );
      }
    }
  }
});

test("unsupported languages and options are errors", () => {
  for (const [language, options] of [
    ["fr-FR", {}],
    ["xx", {}],
    ["de-DE", { month: "long" }],
    ["en-US", { timeZone: "Europe/Nowhere" }],
    ["en-US", { timeZoneName: "long" }],
    ["en-US", { timeStyle: "full" }],
    ["en-US", { calendar: "hebrew" }],
    ["en-US", { month: "wide" }],
  ]) {
    assert.throws(
      () => new DateTimeFormat(language, options, "all").format(0),
      RangeError,
      `${language} ${JSON.stringify(options)}`,
    );
  }
  for (const options of [
    { style: "currency", currency: "EUR" },
    { notation: "compact" },
    { maximumSignificantDigits: 2 },
  ]) {
    assert.throws(() => new NumberFormat("en-US", options), RangeError, JSON.stringify(options));
  }
});
