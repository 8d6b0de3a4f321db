// Uses the kit's platform: fetch, timers, console, the environment, encodings, URLs.

import { defineConnector, env, expectOk, fetch, log, OutOfTime, sleep } from "weld-connector";

const page = (...insert) => ({ insert, state: {}, hasMore: false });
const base = () => env("API");

const tables = {
  async fetched() {
    const response = await fetch(`${base()}/echo?q=1`, {
      method: "POST",
      headers: { "X-Given": "é" },
      body: JSON.stringify({ ö: 1 }),
    });
    const { status, ok, url } = response;
    return page({ status, ok, url, type: response.headers.get("Content-Type"), echo: await response.json() });
  },
  async bytes() {
    const response = await fetch(`${base()}/bytes`);
    const refused = await response
      .clone()
      .text()
      .catch(({ name }) => name);
    return page({ bytes: [...(await response.bytes())], refused });
  },
  async sent_bytes() {
    const response = await fetch(`${base()}/echo`, { method: "PUT", body: new Uint8Array([0, 255]) });
    return page(await response.json());
  },
  async side_by_side() {
    const numbers = await Promise.all(
      [1, 2, 3].map(async (n) => (await (await fetch(`${base()}/number?n=${n}`)).json()).n),
    );
    return page({ numbers });
  },
  async big() {
    return page(await (await fetch(`${base()}/big`)).json());
  },
  twins: async () => page(...(await (await fetch(`${base()}/twins`)).json())),
  // The global is the same function, for libraries that use it.
  library: () =>
    globalThis
      .fetch(`${base()}/number?n=5`)
      .then((response) => response.json())
      .then((row) => page(row)),
  status: async ({ status }) => page(await expectOk(fetch(`${base()}/status?code=${status}`))),
  no_json: async () => page(await (await fetch(`${base()}/status?code=200`)).json()),
  denied: async () => page(await fetch("https://elsewhere.example/?token=hidden")),
  async caught() {
    const caught = await fetch("https://elsewhere.example/").catch((error) => error);
    return page({ type: caught instanceof TypeError, kind: caught.kind });
  },
  refused: async () => page(await fetch(env("NOWHERE"))),

  async slept() {
    const began = Date.now();
    const order = [];
    setTimeout(() => order.push("timer"), 20);
    await Promise.all([sleep(50), sleep(50)]);
    order.push("slept");
    return page({ order, took: Date.now() - began });
  },
  async out_of_time() {
    const caught = await sleep(3_600_000).catch((error) => error);
    return page({ out: caught instanceof OutOfTime, left: caught.left > 0 });
  },

  logged() {
    console.debug("a debug line");
    console.log("an info line", { a: [1, null] });
    console.warn("a warning");
    console.error(new Error("an error line"));
    log("info", "by log \ud800");
    return page();
  },
  environment: () => page({ given: process.env.GIVEN, missing: process.env.MISSING ?? null, by_env: env("GIVEN") }),
  misconfigured: () => page({ missing: env("MISSING") }),
  random: () => page({ n: Math.random(), m: Math.random() }),

  platform() {
    const url = new URL("../b?x=1#f", "https://h.example/a/c/d");
    url.searchParams.append("é", "a b");
    const bytes = new TextEncoder().encode("é€😀\ud800");
    return page({
      url: url.href,
      text: new TextDecoder().decode(bytes),
      malformed: new TextDecoder().decode(new Uint8Array([0x61, 0xe2, 0x82, 0xff])),
      parameters: String(new URLSearchParams({ "a b": "c&d" })),
      base64: btoa("abc"),
    });
  },
  async syntax() {
    async function* count() {
      yield 1;
      await null;
      yield* [2, 3];
    }
    const seen = [];
    for await (const n of count()) seen.push(n);
    class Reader {
      #n = 1;
      read = async (more) => this.#n + (await more);
    }
    const all = await Promise.allSettled([new Reader().read(2), Promise.reject("no")]);
    return page({ seen, from: await Array.fromAsync(count(), (n) => n * 2), all });
  },
};

export const source = defineConnector({
  schema: async () => {
    await sleep(1);
    return Object.keys(tables).map((name) => ({
      name,
      primaryKey: name === "twins" ? "id" : [],
      fields: { n: "int", m: ["null", "double"] },
    }));
  },
  fetchPage: (name, state) => tables[name](state),
});
