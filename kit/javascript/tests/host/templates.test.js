import assert from "node:assert/strict";
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { serve, startHost } from "./server.js";

const { CACHE, COMPONENTS, TEMPLATES } = process.env;
const LANGUAGES = ["javascript", "typescript"];
let demo, folder, host;

before(async () => {
  folder = await mkdtemp(join(COMPONENTS, "templates-"));
  // In its own folder, since it writes its database there.
  demo = await startHost(["demo", "--pause", "0s", "--cache", CACHE], /demo API is at (http:\/\/\S+)/, folder);
  const api = demo.announced[1];
  for (const language of LANGUAGES) {
    await copyFile(join(TEMPLATES, language, `${language}.wasm`), join(folder, `${language}.wasm`));
    const configuration = await readFile(join(TEMPLATES, language, `${language}.toml`), "utf8");
    await writeFile(join(folder, `${language}.toml`), configuration.replaceAll("http://127.0.0.1:9090", api));
  }
  host = await serve(folder, CACHE, LANGUAGES);
});
after(async () => {
  await host?.stop();
  await demo?.stop();
  await rm(folder, { recursive: true, force: true });
});

// All rows of a table, and the state at the end.
async function sync(name, table, state = {}) {
  const rows = [];
  for (;;) {
    const { status, body } = await host.ask(name, table, state);
    assert.equal(status, 200, JSON.stringify(body));
    rows.push(...body.insert);
    state = body.state;
    if (!body.hasMore) return { rows, state };
  }
}

for (const language of LANGUAGES) {
  test(`the template in ${language} syncs the demo API`, async () => {
    const { schema } = await host.schema(language);
    assert.deepEqual(Object.keys(schema), ["beers", "orders"]);
    const beers = await sync(language, "beers");
    assert.deepEqual(
      beers.rows.map(({ id }) => id),
      Array.from({ length: 325 }, (_, index) => index + 1),
    );
    assert.deepEqual(beers.state, {});

    const orders = await sync(language, "orders");
    assert.equal(new Set(orders.rows.map(({ id }) => id)).size, orders.rows.length);
    assert.ok(orders.rows.length > 50);
    const more = await sync(language, "orders", orders.state);
    assert.deepEqual(more.rows, [], "nothing has changed since");
  });
}

test("a page of 80 rows is measured", async () => {
  const rounds = 40;
  const seen = host.lines.length;
  for (let round = 0; round < rounds; round++) {
    const { body } = await host.ask("javascript", "beers");
    assert.equal(body.insert.length, 80);
  }
  // The times that the host logs: from the request's arrival to its response, including the API's time.
  const logged = () =>
    host.lines.slice(seen).flatMap((line) => {
      const [, number] = / rows=80 .*took_ms=([\d.]+)/.exec(line) ?? [];
      return number === undefined ? [] : Number(number);
    });
  await host.line(() => logged().length >= rounds);
  const times = logged();
  const median = times.sort((one, other) => one - other)[rounds / 2];
  console.log(
    `80 rows in ${median.toFixed(1)} ms, the median of ${rounds} pages, with a host and an API on this machine`,
  );
});
