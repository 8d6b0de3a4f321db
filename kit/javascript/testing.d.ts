import type { HttpError, LogLevel } from "weld:connector/host@0.1.0";
import type { Error as ContractError, Page as ContractPage, Table } from "weld:connector/source@0.1.0";
import type { Source } from "weld-connector";
import { Response } from "weld-connector";

export { Response };

/** A request as the fake host received it. The names of headers are in lower case. */
export interface NotedRequest {
  method: string;
  url: string;
  headers: { [name: string]: string };
  body: string | Uint8Array | undefined;
  timeout?: number;
  idempotent?: boolean;
  credential?: string;
}

export interface FakeHostOptions {
  /** The variables of the connector's configuration. */
  env?: { [name: string]: string };
  /** Answers each request. It may throw an `httpError`. */
  fetch?(request: NotedRequest): Response;
  /** The milliseconds that a page may sleep in total. */
  timeLeft?: number;
}

/** A host that answers with functions, records what the connector does, and lets no time pass. */
export interface FakeHost {
  readonly requests: NotedRequest[];
  readonly logs: { level: LogLevel; message: string }[];
  /** The pauses that the connector asked for, in milliseconds. */
  readonly sleeps: number[];
  /** The tables. Rejects with `CallError`. */
  schema(source: Source): Promise<Table[]>;
  /** A page, with its rows and state parsed. Rejects with `CallError`. */
  fetchPage(
    source: Source,
    table: string,
    state?: object,
  ): Promise<Omit<ContractPage, "insert" | "state"> & { insert: any[]; state: any }>;
  /** All rows of a table, page by page, up to `most` pages. */
  fetchAll(source: Source, table: string, options?: { state?: object; most?: number }): Promise<any[]>;
}

export function fakeHost(options?: FakeHostOptions): FakeHost;

/** The contract's error of a failed call, as the host receives it. */
export class CallError extends Error {
  readonly tag: ContractError["tag"];
  readonly val: string | number | undefined;
}

/** An error to throw from the `fetch` of a fake host. */
export function httpError<Tag extends HttpError["tag"]>(
  tag: Tag,
  ...val: Extract<HttpError, { tag: Tag }> extends { val: infer Value } ? [Value] : []
): Error;
