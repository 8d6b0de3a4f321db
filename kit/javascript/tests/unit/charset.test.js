import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { Response, fakeHost } from "weld-connector/testing";
import { connector, expectOk, fetch } from "weld-connector";
import { bodyText, declared } from "../../src/charset.js";

// The cases of all kits.
const CASES = JSON.parse(readFileSync(new URL("../../../text.json", import.meta.url), "utf8"));

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A body as the host hands it over. */
function body(hex) {
  const bytes = Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
  try {
    return { tag: "text", val: utf8.decode(bytes) };
  } catch {
    return { tag: "bytes", val: bytes };
  }
}

test("text is decoded by its byte-order mark, else as UTF-8, else by the declared charset", () => {
  for (const { what, type, bytes, text } of CASES) {
    const fail = (words) => {
      throw new TypeError(words);
    };
    const read = () => bodyText(body(bytes), type, fail);
    if (text === null) assert.throws(read, /^TypeError: not valid/, what);
    else assert.equal(read(), text, what);
  }
});

test("a charset is found among other parameters", () => {
  for (const [type, charset] of [
    [undefined, undefined],
    ["text/html", undefined],
    ["text/html; charset=", undefined],
    ["text/html; x-charset=latin1", undefined],
    ["text/html;CHARSET = 'Latin1'; x=y", "latin1"],
  ]) {
    assert.equal(declared(type), charset, type);
  }
});

test("json() reads the declared charset, and a body that can't be decoded is an upstream error", async () => {
  const answers = {
    "/latin": new Response(new Uint8Array([0x7b, 0x22, 0x6e, 0x22, 0x3a, 0x22, 0xeb, 0x22, 0x7d]), {
      headers: { "content-type": "application/json; charset=ISO-8859-1" },
    }),
    "/none": new Response(new Uint8Array([0xeb])),
    "/refused": new Response(new Uint8Array([0x61, 0xeb]), { status: 500 }),
  };
  const source = connector({
    tables: {
      t: {
        primaryKey: "n",
        async fetchPage({ path = "/latin" }) {
          const response = await expectOk(fetch(`https://api.example.com${path}`));
          return { insert: [await response.json()], state: {}, hasMore: false };
        },
      },
    },
  });
  const host = fakeHost({ fetch: ({ url }) => answers[new URL(url).pathname] });
  assert.deepEqual((await host.fetchPage(source, "t")).insert, [{ n: "ë" }]);
  await assert.rejects(host.fetchPage(source, "t", { path: "/none" }), {
    tag: "upstream",
    val: "the response to GET https://api.example.com/none is not valid UTF-8, and no charset is declared; bytes() returns it unchanged",
  });
  await assert.rejects(host.fetchPage(source, "t", { path: "/refused" }), {
    tag: "upstream",
    val: "GET https://api.example.com/refused answered 500: a\ufffd",
  });
});
