import type { Source } from "./index.js";

/**
 * A key that a function checks: in a header or a query parameter, and equal to a variable or to a text in the source.
 */
export interface FunctionKey {
  header?: string;
  argument?: string;
  /** The text before the key, such as `Bearer `. */
  prefix?: string;
  variable?: string;
  text?: string;
}

/** How to serve a cloud function or a Lambda; see `weld-host adapt`. */
export interface FunctionOptions {
  /** Loads the function's module, in each call. */
  load: () => unknown;
  /** The file name to show in messages. The default is `index.js`. */
  file?: string;
  /** The export to call, or the name under which the function is registered, if there are several. */
  entry?: string;
  /**
   * The parameters of the function: `(req, res)` for "http", `(event, context)` for "lambda". By default, they are
   * detected.
   */
  kind?: "http" | "lambda";
  /** The line of the function that answers requests. */
  line?: number;
  /** The keys that the function checks. */
  keys?: FunctionKey[];
  /** The variables that the function needs. */
  variables?: string[];
}

/** Creates the export `source` of a component that serves a function. */
export function functionConnector(options: FunctionOptions): Source;
