/// <reference path="./types/weld-connector-host.d.ts" />
/// <reference path="./types/weld-connector-source.d.ts" />

import type { LogLevel } from "weld:connector/host@0.1.0";
import type * as contract from "weld:connector/source@0.1.0";

/** The contract's export, as it is made by `connector` and `defineConnector`. */
export type Source = Pick<typeof contract, "schema" | "fetchPage">;

/** What JSON can hold. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
/** A JSON object. */
export type JsonObject = { [name: string]: Json };

/** A row. Beside what JSON has: a `Date` is written in ISO 8601, a BigInt exactly; `undefined` is left out. */
export type Row = object;

/** One of Weld's types for a column. */
export type WeldType = "string" | "int" | "long" | "double" | "boolean" | "datetime" | "array" | "object";
/** The type of a column: one of Weld's, or any other as JSON, such as `["null", "string"]`. */
export type FieldType = WeldType | [WeldType | "null", ...(WeldType | "null")[]] | { [name: string]: Json };
/** How Weld reads a column. `default` is the value of rows that lack it. */
export interface Field {
  name: string;
  type: FieldType;
  default?: Json;
}
/** Columns by name; Weld infers those that are not listed. */
export type Fields = Field[] | { [name: string]: FieldType | { type: FieldType; default?: Json } };

/** A table as `schema` returns it. */
export interface Table {
  name: string;
  /** The columns that identify a row; leave it out only where the API gives rows no identity. */
  primaryKey?: string | string[];
  fields?: Fields;
}

/** One page of one table. `State` is what the next call needs to go on. */
export interface Page<State extends object = JsonObject> {
  /** The rows, or their JSON array as the API wrote it, which is passed on as it is. */
  insert: Row[] | string;
  /** Weld keeps it, also between syncs. `null` forgets everything: the next sync begins anew. */
  state: State | null;
  /** Whether Weld should ask for another page. */
  hasMore: boolean;
  /** Milliseconds to wait before the next page begins, as when the API's quota is nearly spent. Holds no sandbox. */
  wait?: number | null;
}

/** A table with its pages. `state` is that of the last page, `{}` on the first. */
export interface TableDefinition<State extends object = JsonObject> extends Omit<Table, "name"> {
  fetchPage(state: Partial<State>): Page<State> | Promise<Page<State>>;
}

/** A connector with so many tables. Export what it returns as `source`. */
export function connector(definition: { tables: { [name: string]: TableDefinition<any> } }): Source;
/** Gives the state of a table a type: `beers: table<{ page: number }>({ … })`. */
export function table<State extends object = JsonObject>(definition: TableDefinition<State>): TableDefinition<State>;
/** A connector that finds out its tables by itself. Export what it returns as `source`. */
export function defineConnector(definition: {
  schema(): Table[] | Promise<Table[]>;
  fetchPage(table: string, state: JsonObject): Page<object> | Promise<Page<object>>;
}): Source;

/** The variable `name` of the configuration. Empty or missing, it is `fallback`, or without one an error. */
export function env(name: string): string;
export function env<Fallback>(name: string, fallback: Fallback): string | Fallback;

/** Writes a line to the host's log; `console` does so too. */
export function log(level: LogLevel, message: string): void;
/** Waits so many milliseconds inside a page. Rejects with `OutOfTime` where the page has less. */
export function sleep(duration: number): Promise<void>;
/** How JSON is read. */
export interface JsonOptions {
  /** What NaN and Infinity become, which JSON doesn't have; without it they are an error that names their place. */
  notNumbers?: unknown;
}
/** Like `JSON.parse`, but keeps what a Number can't hold: integers become BigInts, other numbers `Decimal`s. */
export function parseJson(text: string, options?: JsonOptions): any;
/**
 * A number that no Number holds exactly, with all its digits. Rows and states write it as it came. `Number(…)` of it is
 * the nearest Number, `String(…)` its digits.
 */
export class Decimal {
  constructor(text: string);
  toString(): string;
  toJSON(): never;
  [Symbol.toPrimitive](hint: string): number | string;
}

/** Thrown by a connector, it is the contract's error `other`; its subclasses are the others. */
export class ConnectorError extends Error {
  constructor(message: string, options?: { cause?: unknown });
  /** The contract's error. */
  readonly payload: contract.Error;
}
/** The schema has no such table. */
export class UnknownTable extends ConnectorError {
  constructor(message?: string, options?: { cause?: unknown });
}
/** A variable is missing or wrong: the operator must mend the connector's configuration. */
export class Misconfigured extends ConnectorError {}
/** The state isn't one that this connector wrote, or its cursor is refused: the sync must begin anew. */
export class InvalidState extends ConnectorError {}
/** The API refused the connector's credentials. */
export class Unauthorized extends ConnectorError {}
/** The API refused for now, and asks to wait so many milliseconds, where it said so. The host waits and asks again. */
export class RateLimited extends ConnectorError {
  constructor(wait?: number, options?: { cause?: unknown });
  readonly wait: number | undefined;
}
/** The API failed or answered nonsense. */
export class Upstream extends ConnectorError {}
/** The page has less time left than a sleep would take. */
export class OutOfTime extends ConnectorError {
  /** Milliseconds. */
  readonly left: number;
}
/** A connector waited for a promise that nothing settles. */
export class NeverSettled extends ConnectorError {}
/** Why a request has no response. Where nobody catches it, it is the contract's error in `payload`. */
export class FetchError extends TypeError {
  readonly kind:
    "denied" | "invalid" | "credentials" | "timeout" | "too-large" | "over-limit" | "unavailable" | "failed";
  readonly payload: contract.Error;
}

export type HeadersInit = Headers | Iterable<readonly [string, string]> | { [name: string]: string };
export type BodyInit = string | URLSearchParamsLike | ArrayBuffer | ArrayBufferView;
interface URLSearchParamsLike {
  append(name: string, value: string): void;
  toString(): string;
}

export class Headers {
  constructor(init?: HeadersInit);
  append(name: string, value: string): void;
  delete(name: string): void;
  get(name: string): string | null;
  getSetCookie(): string[];
  has(name: string): boolean;
  set(name: string, value: string): void;
  forEach(call: (value: string, name: string, headers: Headers) => void): void;
  entries(): IterableIterator<[string, string]>;
  keys(): IterableIterator<string>;
  values(): IterableIterator<string>;
  [Symbol.iterator](): IterableIterator<[string, string]>;
}

interface Body {
  readonly bodyUsed: boolean;
  text(): Promise<string>;
  bytes(): Promise<Uint8Array>;
  arrayBuffer(): Promise<ArrayBuffer>;
  /**
   * The body's JSON, read by `parseJson`: long integers are BigInts, long decimals `Decimal`s. Where it is none, a
   * `SyntaxError`; where nobody catches that, the contract's `upstream`.
   */
  json(options?: JsonOptions): Promise<any>;
}

interface AbortSignalLike {
  readonly aborted: boolean;
  throwIfAborted(): void;
}

export interface RequestInit {
  method?: string;
  headers?: HeadersInit;
  body?: BodyInit | null;
  /** Milliseconds for the whole exchange. */
  timeout?: number;
  /** Aborts before the request is sent, and after the time of an `AbortSignal.timeout` or of the next timer. */
  signal?: AbortSignalLike | null;
  /** Whether the host may send it again after a failure. By default GET, HEAD, OPTIONS, PUT and DELETE may. */
  idempotent?: boolean;
  /** The configured credential to add; by default the one whose URLs match. */
  credential?: string;
}

export interface Request extends Body {}
export class Request {
  constructor(input: string | { toString(): string } | Request, init?: RequestInit);
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly timeout: number | undefined;
  readonly idempotent: boolean | undefined;
  readonly credential: string | undefined;
  clone(): Request;
}

/** One link of the header `Link`: its URL, absolute, and its attributes by their names in lower case. */
export interface Link {
  readonly url: string;
  readonly [attribute: string]: string | undefined;
}

export interface Response extends Body {}
export class Response {
  constructor(body?: BodyInit | null, init?: { status?: number; statusText?: string; headers?: HeadersInit });
  static json(value: unknown, init?: { status?: number; statusText?: string; headers?: HeadersInit }): Response;
  readonly status: number;
  readonly statusText: string;
  readonly ok: boolean;
  readonly headers: Headers;
  readonly url: string;
  readonly redirected: boolean;
  /** The header `Link` by relation, in lower case: `response.links.next?.url` is the next page's, where there is one. */
  readonly links: { readonly [relation: string]: Link | undefined };
  readonly type: "default";
  clone(): Response;
}

/** Sends a request through the host, which adds credentials, waits for quotas and tries again. */
export function fetch(input: string | { toString(): string } | Request, init?: RequestInit): Promise<Response>;
/**
 * The response, where the API accepted the request; otherwise the error that it means: `RateLimited` for 429 and for any
 * status that comes with a wait or a quota at 0, `Unauthorized` for other 401 and 403, `Upstream` for the rest. With
 * `cursor`, 400, 404 and 410 are `InvalidState`.
 */
export function expectOk(pending: Response | Promise<Response>, options?: { cursor?: boolean }): Promise<Response>;
