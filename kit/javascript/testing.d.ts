import type { HttpError, LogLevel } from "weld:connector/host@0.1.0";
import type { Error as ContractError, Page as ContractPage, Table } from "weld:connector/source@0.1.0";
import type { Source } from "weld-connector";
import { Response } from "weld-connector";

export { Response };

/** A request as the fake host got it; names of headers are in lower case. */
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
  /** Milliseconds that a page may sleep. */
  timeLeft?: number;
}

/** A host that answers from functions, notes what the connector does, and lets no time pass. */
export interface FakeHost {
  readonly requests: NotedRequest[];
  readonly logs: { level: LogLevel; message: string }[];
  /** What the host was asked to sleep, in milliseconds. */
  readonly sleeps: number[];
  /** The tables. Rejects with `CallError`. */
  schema(source: Source): Promise<Table[]>;
  /** A page, its rows and state parsed. Rejects with `CallError`. */
  fetchPage(
    source: Source,
    table: string,
    state?: object,
  ): Promise<Omit<ContractPage, "insert" | "state"> & { insert: any[]; state: any }>;
  /** All rows of a table, page after page. */
  fetchAll(source: Source, table: string, options?: { state?: object; most?: number }): Promise<any[]>;
}

export function fakeHost(options?: FakeHostOptions): FakeHost;

/** Why a call failed: the contract's error, as the host gets it. */
export class CallError extends Error {
  readonly tag: ContractError["tag"];
  readonly val: string | number | undefined;
}

/** A failure of a request, to be thrown by the `fetch` of a fake host. */
export function httpError<Tag extends HttpError["tag"]>(
  tag: Tag,
  ...val: Extract<HttpError, { tag: Tag }> extends { val: infer Value } ? [Value] : []
): Error;
