import type { Source } from "./index.js";

/** A key that a function checks: in a header or an argument of the URL, and equal to a variable or to a text of its source. */
export interface FunctionKey {
  header?: string;
  argument?: string;
  /** What stands before the key, such as `Bearer `. */
  prefix?: string;
  variable?: string;
  text?: string;
}

/** How a cloud function or a Lambda is served; see `weld-host adapt`. */
export interface FunctionOptions {
  /** Loads the function's module, at each call. */
  load: () => unknown;
  /** What messages name; by default `index.js`. */
  file?: string;
  /** The export to call, or the name that it is registered by, where there are several. */
  entry?: string;
  /** What it is called with: `(req, res)` or `(event, context)`. By default it is told by its parameters. */
  kind?: "http" | "lambda";
  /** The line of the function that answers. */
  line?: number;
  /** The keys that the function checks. */
  keys?: FunctionKey[];
  /** The variables that the function needs. */
  variables?: string[];
}

/** The export `source` of a component that serves a function. */
export function functionConnector(options: FunctionOptions): Source;
