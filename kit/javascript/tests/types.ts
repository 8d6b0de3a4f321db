// Compiled, but never run: checks that correct code of authors has types, and that incorrect code is an error.

import {
  connector,
  defineConnector,
  env,
  expectOk,
  fetch,
  log,
  parseJson,
  RateLimited,
  sleep,
  table,
} from "weld-connector";
import type { Page, Source } from "weld-connector";
import { fakeHost, httpError, Response } from "weld-connector/testing";
import type * as contract from "weld:connector/source@0.1.0";

interface Beer {
  id: number;
  brewed: Date;
  big?: bigint;
}

export const source: Source = connector({
  tables: {
    beers: table<{ page: number }>({
      primaryKey: "id",
      fields: { id: "int", ibu: ["null", "double"], abv: { type: "double", default: 0 } },
      async fetchPage({ page = 1 }) {
        const response = await expectOk(
          fetch(`${env("BASE")}/beers?page=${page}`, { timeout: 1000, credential: "api" }),
        );
        const insert: Beer[] = await response.json();
        const next: string | undefined = response.links.next?.url;
        log("debug", `${next} ${response.links.next?.results === "true"}`);
        await sleep(10);
        log("info", parseJson("1"));
        return { insert, state: { page: page + 1 }, hasMore: true, wait: 500 };
      },
    }),
    // @ts-expect-error a page needs hasMore
    broken: { fetchPage: async () => ({ insert: [], state: {} }) },
    // @ts-expect-error there is no such type
    mistyped: { fields: { id: "integer" }, fetchPage: () => ({ insert: "[]", state: null, hasMore: false }) },
    wrongState: table<{ page: number }>({
      // @ts-expect-error the state is not that of the table
      fetchPage: () => ({ insert: [], state: { offset: 1 }, hasMore: false }),
    }),
  },
});

// The kit's exports match the contract.
export const asInContract: Pick<typeof contract, "schema" | "fetchPage"> = defineConnector({
  schema: async () => [{ name: "beers", primaryKey: ["id"], fields: [{ name: "id", type: "int" }] }],
  async fetchPage(name, state): Promise<Page> {
    if (name === "slow") throw new RateLimited(1000);
    return { insert: [], state: { ...state, seen: true }, hasMore: false };
  },
});

export async function test(): Promise<void> {
  const host = fakeHost({
    env: { BASE: "https://api.example.com" },
    fetch(request) {
      if (request.method === "POST") throw httpError("timeout");
      if (request.method === "PUT") throw httpError("denied", "no rule");
      return Response.json([{ id: 1 }], { status: 200 });
    },
  });
  const { insert, state, hasMore } = await host.fetchPage(source, "beers", { page: 2 });
  log("debug", `${insert.length} ${state.page} ${hasMore} ${host.requests[0]?.url}`);
  // @ts-expect-error a denial has a message
  httpError("denied");
}
