// From what an author defines to what the contract asks of a component.

import { UnknownTable, contractError, trace } from "./errors.js";
import { log } from "./log.js";
import { drive, reset } from "./loop.js";
import { contractPage, readState } from "./page.js";
import { takeUnhandled } from "./promise.js";
import { setRunning } from "./running.js";
import { reseed } from "./random.js";
import { contractTables } from "./schema.js";

const callsBySource = new WeakMap();

/** How the calls of `source` begin and end; for the fake host. */
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

/** The export `source` whose calls begin and end so. */
export function sourceOf(calls) {
  const source = {
    schema: () => finish(calls.schema()),
    fetchPage: (table, state) => finish(calls.fetchPage(table, state)),
  };
  callsBySource.set(source, calls);
  return source;
}

/** The export `source` of a connector with so many tables. */
export function connector({ tables }) {
  for (const [name, table] of Object.entries(tables)) {
    if (typeof table?.fetchPage !== "function") {
      throw new TypeError(`the table ${JSON.stringify(name)} needs a function fetchPage`);
    }
  }
  return defineConnector({
    schema: () => Object.entries(tables).map(([name, { primaryKey, fields }]) => ({ name, primaryKey, fields })),
    fetchPage(name, state) {
      if (!Object.hasOwn(tables, name)) throw new UnknownTable(`there is no table ${JSON.stringify(name)}`);
      return tables[name].fetchPage(state);
    },
  });
}

/** A table as it is; in TypeScript, one whose state has a type. */
export const table = (definition) => definition;

/** The two calls of a definition: how each begins, what to call it, and what becomes of what it comes to. */
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

/** Reports what a call threw, and gives the contract's error for it. */
export function report(thrown, what) {
  const { meant, error } = contractError(thrown);
  if (!meant) log("error", `${what} failed: ${trace(thrown)}`);
  return error;
}

// In a component: the call is driven to its end before this returns.
function finish({ what, begin, end, unsettled }) {
  setRunning(true);
  reset();
  reseed();
  try {
    const value = end(drive(begin(), what, unsettled));
    for (const reason of takeUnhandled()) {
      log("warn", `${what} left a rejected promise that nothing handles: ${trace(reason)}`);
    }
    return value;
  } catch (thrown) {
    throw report(thrown, what);
  } finally {
    setRunning(false);
  }
}
