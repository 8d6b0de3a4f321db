// The connector of docs/conformance.md. All of its cases must pass.

import {
  connector,
  ConnectorError,
  env,
  expectOk,
  fetch,
  FetchError,
  InvalidState,
  log,
  Misconfigured,
  OutOfTime,
  RateLimited,
  sleep,
  table,
  Unauthorized,
  UnknownTable,
  Upstream,
} from "weld-connector";
import type { Page, RequestInit, TableDefinition } from "weld-connector";

const DAY = 86_400;
const OVERLAP = 3_600;
const LAST_DAY = 3 * DAY;
const NOBODY = "http://127.0.0.1:1/";
// More requests than a page may send, and more failures than the host accepts before it considers an API out of
// service.
const MANY = 100;

interface Item {
  id: number;
}
interface Answer {
  items: Item[];
  pages: number;
  total: number;
  next: string | null;
}

const url = (path: string) => `${env("BASE_URL")}${path}`;

async function get(path: string): Promise<Answer> {
  const response = await expectOk(fetch(url(path)));
  return response.json();
}

const last = (...insert: object[]): Page<{}> => ({ insert, state: {}, hasMore: false });

/** A table with one page and no state. */
const single = (fetchPage: () => Page<{}> | Promise<Page<{}>>) => table({ primaryKey: "id", fetchPage });

const throwing = (error: () => Error) =>
  single(() => {
    throw error();
  });

const slept = (duration: number) =>
  single(async () => {
    try {
      await sleep(duration);
      return last({ id: 1, slept: true });
    } catch (error) {
      if (!(error instanceof OutOfTime)) throw error;
      return last({ id: 1, slept: false });
    }
  });

interface Failing extends RequestInit {
  /** How many requests to send. */
  times?: number;
  /** The error to ignore. */
  but?: string;
}

/** A table whose row names the error of a request. */
const failing = (address: () => string, { times = 1, but, ...init }: Failing = {}) =>
  single(async () => {
    for (let time = 0; time < times; time++) {
      try {
        await fetch(address(), init);
      } catch (error) {
        if (!(error instanceof FetchError)) throw error;
        if (error.kind !== but) return last({ id: 1, error: error.kind });
      }
    }
    return last({ id: 1, error: null });
  });

/** The tables with a state. */
const paging: { [name: string]: TableDefinition<any> } = {
  page_number: table<{ page: number }>({
    primaryKey: "id",
    async fetchPage({ page = 1 }) {
      const { items, pages } = await get(`/page-number?page=${page}`);
      return { insert: items, state: { page: page + 1 }, hasMore: page < pages };
    },
  }),
  offset: table<{ offset: number }>({
    primaryKey: "id",
    async fetchPage({ offset = 0 }) {
      const { items, total } = await get(`/offset?offset=${offset}`);
      const next = offset + items.length;
      return { insert: items, state: { offset: next }, hasMore: next < total };
    },
  }),
  cursor: table<{ cursor: string | null }>({
    primaryKey: "id",
    async fetchPage({ cursor = null }) {
      const query = cursor === null ? "" : `?${new URLSearchParams({ cursor })}`;
      const { items, next } = await get(`/cursor${query}`);
      return { insert: items, state: { cursor: next }, hasMore: next !== null };
    },
  }),
  keyset: table<{ after: number }>({
    primaryKey: "id",
    async fetchPage({ after = 0 }) {
      const { items } = await get(`/keyset?after=${after}`);
      return { insert: items, state: { after: items.at(-1)?.id ?? after }, hasMore: items.length > 0 };
    },
  }),
  time_window: table<{ begin: number }>({
    primaryKey: "id",
    async fetchPage({ begin = 0 }) {
      const [from, to] = [Math.max(0, begin - OVERLAP), begin + DAY];
      const { items } = await get(`/time-window?from=${from}&to=${to}`);
      return { insert: items, state: { begin: to }, hasMore: to < LAST_DAY };
    },
  }),
  text: table<{ number?: number }>({
    primaryKey: "id",
    async fetchPage({ number = 1 }) {
      const response = await fetch(url(`/text?case=${number}`));
      if (response.status === 404) return last();
      const text = await response.text().catch(() => null);
      return { insert: [{ id: number, text }], state: { number: number + 1 }, hasMore: true };
    },
  }),
  wait: table<{ second?: boolean }>({
    primaryKey: "id",
    fetchPage({ second = false }) {
      if (second) return last({ id: 2 });
      return { insert: [{ id: 1 }], state: { second: true }, hasMore: true, wait: 100 };
    },
  }),
};

export const source = connector({
  tables: {
    fields: {
      primaryKey: ["id", "part"],
      fields: { id: "int", name: { type: "string", default: "none" }, tags: ["null", "string"] },
      fetchPage: () => last(),
    },
    ...paging,
    empty: single(async () => last(...(await get("/empty")).items)),
    unicode: single(async () => last(...(await get("/unicode")).items)),
    numbers: single(async () => last(...(await get("/numbers")).items)),
    large: single(() => last(...Array.from({ length: 10_000 }, (_, at) => ({ id: at + 1, text: "x".repeat(1_000) })))),
    environment: single(() => last({ id: 1, greeting: env("GREETING") })),
    missing_variable: single(() => last({ id: 1, value: env("NOT_SET") })),

    unknown_table: throwing(() => new UnknownTable()),
    misconfigured: throwing(() => new Misconfigured("words of misconfigured")),
    invalid_state: throwing(() => new InvalidState("words of invalid_state")),
    unauthorized: throwing(() => new Unauthorized("words of unauthorized")),
    upstream: throwing(() => new Upstream("words of upstream")),
    other: throwing(() => new ConnectorError("words of other")),
    rate_limited: throwing(() => new RateLimited(1_500)),
    uncaught: throwing(() => new Error("the last words")),

    sleep: slept(10),
    sleep_past_the_page: slept(3_600_000),

    http_denied: failing(() => "https://denied.example.com/"),
    http_invalid: failing(() => "no url"),
    http_credentials: failing(() => url("/empty"), { credential: "none" }),
    http_timeout: failing(() => url("/slow"), { timeout: 100 }),
    http_too_large: failing(() => url("/large")),
    http_over_limit: failing(() => url("/empty"), { times: MANY }),
    http_failed: failing(() => NOBODY),
    http_unavailable: failing(() => NOBODY, { times: MANY, but: "failed" }),
    http_echo: single(async () => {
      const response = await fetch(url("/echo"), {
        method: "POST",
        headers: { "x-conformance": "yes" },
        body: "héllo",
      });
      return last({ id: 1, status: response.status, ...(await response.json()) });
    }),

    logs: single(() => {
      console.debug("at debug");
      console.info("at info");
      console.warn("at warn");
      log("error", "at error");
      return last();
    }),
  },
});
