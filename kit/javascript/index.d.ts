/// <reference path="./types/weld-connector-host.d.ts" />
/// <reference path="./types/weld-connector-source.d.ts" />

import type { LogLevel } from "weld:connector/host@0.1.0";
import type * as contract from "weld:connector/source@0.1.0";

/** The contract's export, made by `connector` or `defineConnector`. */
export type Source = Pick<typeof contract, "schema" | "fetchPage">;

/** A value that JSON can represent. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
/** A JSON object. */
export type JsonObject = { [name: string]: Json };

/**
 * A row. In addition to JSON's values, a `Date` is written in ISO 8601 and a BigInt exactly; `undefined` is left out.
 */
export type Row = object;

/** One of Weld's types for a column. */
export type WeldType = "string" | "int" | "long" | "double" | "boolean" | "datetime" | "array" | "object";
/** The type of a column: one of Weld's, or any other as JSON, such as `["null", "string"]`. */
export type FieldType = WeldType | [WeldType | "null", ...(WeldType | "null")[]] | { [name: string]: Json };
/** The type of a column. `default` is the value of rows that lack the column. */
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
  /** The columns that identify a row. Leave it out only if the API gives rows no identity. */
  primaryKey?: string | string[];
  fields?: Fields;
}

/** One page of one table. `State` is the data that the next call needs to continue. */
export interface Page<State extends object = JsonObject> {
  /** The rows, or their JSON array as the API wrote it, which is passed on unchanged. */
  insert: Row[] | string;
  /** Weld keeps the state, also between syncs. `null` clears it: the next sync starts from the beginning. */
  state: State | null;
  /** Whether Weld should ask for another page. */
  hasMore: boolean;
  /**
   * Milliseconds to wait before the next page begins, for example when the API's quota is nearly used up. Occupies no
   * sandbox.
   */
  wait?: number | null;
}

/** A table with its pages. `state` is the state that the last page left, `{}` for the first page. */
export interface TableDefinition<State extends object = JsonObject> extends Omit<Table, "name"> {
  fetchPage(state: Partial<State>): Page<State> | Promise<Page<State>>;
}

/** Defines a connector with a fixed set of tables. Export the result as `source`. */
export function connector(definition: { tables: { [name: string]: TableDefinition<any> } }): Source;
/** Gives the state of a table a type: `beers: table<{ page: number }>({ … })`. */
export function table<State extends object = JsonObject>(definition: TableDefinition<State>): TableDefinition<State>;
/** Defines a connector that determines its tables when asked for its schema. Export the result as `source`. */
export function defineConnector(definition: {
  schema(): Table[] | Promise<Table[]>;
  fetchPage(table: string, state: JsonObject): Page<object> | Promise<Page<object>>;
}): Source;

/**
 * The variable `name` of the configuration. If it is empty or missing, returns `fallback`; without a fallback, throws
 * an error.
 */
export function env(name: string): string;
export function env<Fallback>(name: string, fallback: Fallback): string | Fallback;

/** Writes a line to the host's log, as `console` does. */
export function log(level: LogLevel, message: string): void;
/** Waits for `duration` milliseconds within a page. Rejects with `OutOfTime` if the page has less time left. */
export function sleep(duration: number): Promise<void>;
/** Options for reading JSON. */
export interface JsonOptions {
  /**
   * The value for NaN and Infinity, which JSON doesn't have. Without this option, they are an error that names their
   * place.
   */
  notNumbers?: unknown;
}
/** Like `JSON.parse`, but keeps numbers that a Number can't hold: integers become BigInts, other numbers `Decimal`s. */
export function parseJson(text: string, options?: JsonOptions): any;
/**
 * A number that a Number can't hold exactly, with all its digits. Rows and states write it unchanged. `Number(…)`
 * returns the nearest Number, and `String(…)` the digits.
 */
export class Decimal {
  constructor(text: string);
  toString(): string;
  toJSON(): never;
  [Symbol.toPrimitive](hint: string): number | string;
}

/** The contract's error `other`, when thrown by a connector. Its subclasses are the contract's other errors. */
export class ConnectorError extends Error {
  constructor(message: string, options?: { cause?: unknown });
  /** The contract's error. */
  readonly payload: contract.Error;
}
/** The schema has no table of this name. */
export class UnknownTable extends ConnectorError {
  constructor(message?: string, options?: { cause?: unknown });
}
/** A variable is missing or invalid: the operator must fix the connector's configuration. */
export class Misconfigured extends ConnectorError {}
/** This connector did not write the state, or the API refused its cursor: the sync must start from the beginning. */
export class InvalidState extends ConnectorError {}
/** The API refused the connector's credentials. */
export class Unauthorized extends ConnectorError {}
/**
 * The API refused for now. `wait` is the number of milliseconds it asked for, if any. The host waits and requests the
 * page again.
 */
export class RateLimited extends ConnectorError {
  constructor(wait?: number, options?: { cause?: unknown });
  readonly wait: number | undefined;
}
/** The API failed, or its response was invalid. */
export class Upstream extends ConnectorError {}
/** The page has less time left than the sleep would take. */
export class OutOfTime extends ConnectorError {
  /** The time that the page has left, in milliseconds. */
  readonly left: number;
}
/** The connector waited for a promise that nothing will settle. */
export class NeverSettled extends ConnectorError {}
/** The error of a request without a response. If uncaught, it becomes the contract's error in `payload`. */
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
   * The body's JSON, parsed by `parseJson`: long integers are BigInts, long decimals `Decimal`s. If it is invalid,
   * rejects with a `SyntaxError`, which becomes the contract's `upstream` if uncaught.
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
  /** Timeout of the whole exchange, in milliseconds. */
  timeout?: number;
  /** Aborts the request before it is sent, or after the time of an `AbortSignal.timeout` or of the next timer. */
  signal?: AbortSignalLike | null;
  /**
   * Whether the host may retry the request after a failure. By default it retries GET, HEAD, OPTIONS, PUT and DELETE.
   */
  idempotent?: boolean;
  /** The configured credential to add. By default, it is the one whose URLs match. */
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

/** One link of the header `Link`: its absolute URL, and its attributes by lower-case name. */
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
  /**
   * The header `Link` by relation, in lower case. `response.links.next?.url` is the URL of the next page, if there is
   * one.
   */
  readonly links: { readonly [relation: string]: Link | undefined };
  readonly type: "default";
  clone(): Response;
}

/** Sends a request through the host, which adds credentials, waits for quotas and retries. */
export function fetch(input: string | { toString(): string } | Request, init?: RequestInit): Promise<Response>;
/**
 * Returns the response if the API accepted the request; otherwise throws the error that it means: `RateLimited` for 429
 * and for any other refusal with a wait or a quota at 0, `Unauthorized` for other 401 and 403, `Upstream` for the rest.
 * With `cursor`, 400, 404 and 410 are `InvalidState`.
 */
export function expectOk(pending: Response | Promise<Response>, options?: { cursor?: boolean }): Promise<Response>;
