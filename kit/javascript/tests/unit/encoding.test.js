import assert from "node:assert/strict";
import { test } from "node:test";

import { TextDecoder as KitDecoder, TextEncoder as KitEncoder } from "../../src/encoding.js";

const TEXTS = ["", "plain", "é", "€", "😀 a", "a\ud800b", "\udc00", "\ufeffBOM", "x".repeat(10_000) + "ö"];

test("texts are encoded as in Node", () => {
  for (const text of TEXTS) {
    assert.deepEqual(new KitEncoder().encode(text), new TextEncoder().encode(text), text);
    for (const room of [0, 1, 2, 3, 5]) {
      const [kit, node] = [new Uint8Array(room), new Uint8Array(room)];
      assert.deepEqual(
        new KitEncoder().encodeInto(text, kit),
        new TextEncoder().encodeInto(text, node),
        `${text} ${room}`,
      );
      assert.deepEqual(kit, node);
    }
  }
});

test("bytes are decoded as in Node, including malformed ones", () => {
  const samples = TEXTS.map((text) => new TextEncoder().encode(text));
  // Pairs of bytes, and the possible errors in longer sequences.
  for (let first = 0; first < 256; first++) {
    for (let second = 0; second < 256; second += 5) samples.push(new Uint8Array([first, second, 0x80, 0x41]));
  }
  for (const lead of [0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0xc1]) {
    for (const second of [0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0]) {
      samples.push(new Uint8Array([lead, second]), new Uint8Array([lead, second, 0x80, 0x80, 0x80]));
    }
  }
  for (const bytes of samples) {
    assert.equal(new KitDecoder().decode(bytes), new TextDecoder().decode(bytes), String(bytes));
    const options = { ignoreBOM: true, fatal: true };
    const outcome = (Type) => {
      try {
        return new Type("utf-8", options).decode(bytes);
      } catch (error) {
        return error instanceof TypeError;
      }
    };
    assert.equal(outcome(KitDecoder), outcome(TextDecoder), String(bytes));
  }
});

test("unsupported options of the decoder are errors", () => {
  assert.throws(() => new KitDecoder("latin1"), RangeError);
  assert.throws(() => new KitDecoder().decode(new Uint8Array(1), { stream: true }), TypeError);
  assert.equal(new KitDecoder("UTF8").decode(new Uint8Array([0x61]).buffer), "a");
});
