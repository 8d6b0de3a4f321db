// Each table has a group of tests: replace it together with the table. A group without its table is skipped.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { fakeHost, Response } from "weld-connector/testing";

import { source } from "./connector.js";

// A host whose API answers with `pages`, by the part of the URL after the base URL.
const hostWith = (pages) =>
  fakeHost({
    env: { API_BASE_URL: "https://api.example.com" },
    fetch({ url }) {
      const answer = pages[url.replace("https://api.example.com/", "")];
      return answer === undefined ? new Response(`no ${url}`, { status: 404 }) : Response.json(answer);
    },
  });

const names = (await hostWith({}).schema(source)).map(({ name }) => name);
const of = (name) => ({ skip: !names.includes(name) && `there is no table ${name}: replace this group` });

// What holds for any connector; these tests stay.
describe("every table", () => {
  test("has a key", async () => {
    for (const table of await hostWith({}).schema(source)) {
      assert.notDeepEqual(table.primaryKey, [], table.name);
    }
  });

  test("reports an error status of the API as an upstream error", async () => {
    for (const { name } of await hostWith({}).schema(source)) {
      await assert.rejects(hostWith({}).fetchPage(source, name), { tag: "upstream" }, name);
    }
  });

  test("is one of the schema", async () => {
    await assert.rejects(hostWith({}).fetchPage(source, "no such table"), { tag: "unknown-table" });
  });
});

describe("beers", of("beers"), () => {
  const BEERS_PER_PAGE = 80;

  test("are fetched page by page", async () => {
    const host = hostWith({
      [`beers?page=1&per_page=${BEERS_PER_PAGE}`]: Array(BEERS_PER_PAGE).fill({ id: 1 }),
      [`beers?page=2&per_page=${BEERS_PER_PAGE}`]: [{ id: 81 }],
    });
    const rows = await host.fetchAll(source, "beers");
    assert.equal(rows.length, BEERS_PER_PAGE + 1);
  });
});

describe("orders", of("orders"), () => {
  const ORDERS_PER_PAGE = 50;

  test("are fetched from before the start of the previous sync", async () => {
    const order = { id: 7, updated_at: "2024-01-01T00:00:00Z" };
    const host = hostWith({
      [`orders?limit=${ORDERS_PER_PAGE}`]: Array(ORDERS_PER_PAGE).fill(order),
      [`orders?updated_since=2024-01-01T00%3A00%3A00Z&after_id=7&limit=${ORDERS_PER_PAGE}`]: [],
    });
    const first = await host.fetchPage(source, "orders");
    const last = await host.fetchPage(source, "orders", first.state);
    assert.deepEqual([first.hasMore, last.hasMore], [true, false]);
    assert.ok(last.state.since < first.state.began);
  });
});
