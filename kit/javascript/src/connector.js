// Converts an author's definition of a connector to the exports of the contract.

import { UnknownTable, contractError, trace } from "./errors.js";
import { log } from "./log.js";
import { drive, reset } from "./loop.js";
import { contractPage, readState } from "./page.js";
import { takeUnhandled } from "./promise.js";
import { setRunning } from "./running.js";
import { reseed } from "./random.js";
import { contractTables } from "./schema.js";

const callsBySource = new WeakMap();

/** The calls of `source`, for the fake host. */
export const callsFor = (source) => callsBySource.get(source);

function requireFunction(definition, name) {
  if (typeof definition?.[name] !== "function") {
    throw new TypeError(`a connector needs a function ${name}`);
  }
}

/** The export `source` of a connector with the functions `schema` and `fetchPage`. */
export function defineConnector(definition) {
  requireFunction(definition, "schema");
  requireFunction(definition, "fetchPage");
  return sourceOf(callsOf(definition));
}

/** The export `source` with the given calls. */
export function sourceOf(calls) {
  const source = {
    schema: () => finish(calls.schema()),
    fetchPage: (table, state) => finish(calls.fetchPage(table, state)),
  };
  callsBySource.set(source, calls);
  return source;
}

/** The export `source` of a connector with a fixed set of tables. */
export function connector({ tables }) {
  for (const [name, table] of Object.entries(tables)) {
    if (typeof table?.fetchPage !== "function") {
      throw new TypeError(`the table ${JSON.stringify(name)} needs a function fetchPage`);
    }
  }
  return defineConnector({
    schema: () => Object.entries(tables).map(([name, { primaryKey, fields }]) => ({ name, primaryKey, fields })),
    fetchPage(name, state) {
      if (!Object.hasOwn(tables, name)) throw new UnknownTable(`the connector has no table ${JSON.stringify(name)}`);
      return tables[name].fetchPage(state);
    },
  });
}

/** Returns a table unchanged; in TypeScript, it gives the table's state a type. */
export const table = (definition) => definition;

/** The two calls of a definition: each has its name, the function that starts it, and the conversion of its result. */
function callsOf(definition) {
  return {
    schema: () => ({
      what: "schema",
      begin: () => definition.schema(),
      end: contractTables,
    }),
    fetchPage: (name, state) => ({
      what: `fetchPage of table ${JSON.stringify(name)}`,
      begin: () => definition.fetchPage(name, readState(state)),
      end: (page) => contractPage(page, name),
    }),
  };
}

/** Logs the error of a call, unless it is one of the contract's, and returns the contract's error for it. */
export function report(thrown, what) {
  const { meant, error } = contractError(thrown);
  if (!meant) log("error", `${what} failed: ${trace(thrown)}`);
  return error;
}

/** What the log says of a promise that was rejected while nobody waited for it. */
export const forgotten = (what, reason) =>
  `${what} left a rejected promise unhandled (is an \`await\` missing?): ${trace(reason)}`;

// In a component, the call must be finished before this function returns.
function finish({ what, begin, end, unsettled }) {
  setRunning(true);
  reset();
  reseed();
  try {
    const value = end(drive(begin(), what, unsettled));
    for (const reason of takeUnhandled()) log("warn", forgotten(what, reason));
    return value;
  } catch (thrown) {
    throw report(thrown, what);
  } finally {
    setRunning(false);
  }
}
