// Uses the modules and globals of Node and browsers that the kit provides.

import { defineConnector, fetch } from "weld-connector";
import assert from "node:assert";
import crypto, { createHmac, randomUUID } from "node:crypto";
import { EventEmitter } from "node:events";
import path from "node:path";
import querystring from "node:querystring";
import { setTimeout as pause } from "node:timers/promises";
import { inspect, promisify } from "node:util";

const SUMMER = new Date(Date.UTC(2026, 6, 2, 1, 4, 5));

const kinds = {
  signed: () => [
    createHmac("sha256", "key").update("text").digest("hex"),
    createHmac("sha1", Buffer.from("a2V5", "base64")).update("te").update("xt").digest("base64"),
    crypto.createHash("md5").update("é").digest("hex"),
    crypto.createHash("sha512").update("text").digest("base64url"),
  ],
  timing: () => [
    crypto.timingSafeEqual(Buffer.from("a"), Buffer.from("a")),
    crypto.timingSafeEqual(Buffer.from("a"), Buffer.from("b")),
  ],
  random: () => [
    randomUUID(),
    globalThis.crypto.randomUUID(),
    crypto.randomBytes(16).toString("hex"),
    String(crypto.getRandomValues(new Uint32Array(2))),
  ],
  async subtle() {
    const bytes = new TextEncoder().encode("text");
    const key = await crypto.subtle.importKey(
      "raw",
      new TextEncoder().encode("key"),
      { name: "HMAC", hash: "SHA-256" },
      false,
      ["sign"],
    );
    const hex = (buffer) => Buffer.from(buffer).toString("hex");
    return [
      hex(await globalThis.crypto.subtle.digest("SHA-256", bytes)),
      hex(await crypto.subtle.sign("HMAC", key, bytes)),
    ];
  },
  buffer: () => [
    Buffer.from("aé€", "utf8").toString("base64"),
    Buffer.concat([Buffer.from("ff", "hex"), Buffer.alloc(1)]).toString("hex"),
    Buffer.byteLength("€"),
    Buffer.from([1, 2]).readUInt16BE(0),
  ],
  clone() {
    const given = { at: SUMMER, map: new Map([[1, { a: [1n] }]]), bytes: new Uint8Array([1]) };
    given.self = given;
    const copy = structuredClone(given);
    return [
      copy !== given,
      copy.self === copy,
      copy.map.get(1) !== given.map.get(1),
      String(copy.map.get(1).a[0]),
      copy.at.getTime() === SUMMER.getTime(),
    ];
  },
  zones: () => [
    SUMMER.toLocaleString("de-DE", { timeZone: "Europe/Berlin" }),
    SUMMER.toLocaleString("en-US", { timeZone: "America/New_York", dateStyle: "medium", timeStyle: "short" }),
    SUMMER.toLocaleDateString("en-CA", { timeZone: "America/Los_Angeles" }),
    SUMMER.toLocaleTimeString("en-GB", { timeZone: "Asia/Kolkata" }),
    new Intl.DateTimeFormat("sv-SE", { timeZone: "Australia/Sydney", dateStyle: "short", timeStyle: "medium" }).format(
      SUMMER,
    ),
    Intl.DateTimeFormat().resolvedOptions().timeZone,
    (1234567.891).toLocaleString(),
    (1234567.891).toLocaleString("de-DE", { minimumFractionDigits: 2 }),
  ],
  local: () => [SUMMER.getHours(), SUMMER.getTimezoneOffset(), new Date("2026-07-02T01:04:05").toISOString()],
  refused: () =>
    [
      () => SUMMER.toLocaleString("fr-FR"),
      () => SUMMER.toLocaleString("en-US", { timeZone: "Mars/Base" }),
      () => SUMMER.toLocaleString("de-DE", { month: "long" }),
      () => (1).toLocaleString("en-US", { style: "currency", currency: "EUR" }),
      () => "a10".localeCompare("a2", undefined, { numeric: true }),
      () => "i".toLocaleUpperCase("tr"),
      () => crypto.createSign("RSA-SHA256"),
      () => crypto.createHash("whirlpool"),
    ].map((call) => {
      try {
        return `silently ${call()}`;
      } catch (error) {
        return `${error.name}: ${error.message}`;
      }
    }),
  async others() {
    const seen = [];
    new EventEmitter().on("a", (value) => seen.push(value)).emit("a", 1);
    await pause(1);
    assert.deepStrictEqual(seen, [1]);
    assert.throws(() => assert.equal(1, 2), /is not/);
    const doubled = await promisify((value, callback) => callback(null, value * 2))(2);
    return [
      doubled,
      path.join("/a/b", "../c.txt"),
      path.extname("c.txt"),
      querystring.stringify({ a: [1, "é"] }),
      inspect({ a: [1] }),
      setImmediate.length,
    ];
  },
  async aborted() {
    const controller = new AbortController();
    controller.abort();
    const caught = await fetch("https://never.example/", { signal: controller.signal }).catch(({ name }) => name);
    return [caught, AbortSignal.timeout(1000).aborted, performance.now() >= 0];
  },
  undefined_global: () => new FormData(),
};

export const source = defineConnector({
  schema: () => Object.keys(kinds).map((name) => ({ name, fields: {} })),
  fetchPage: async (name) => ({ insert: [{ values: await kinds[name]() }], state: {}, hasMore: false }),
});
