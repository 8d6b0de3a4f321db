// Converts the page that an author returns to the contract's page.

import { ConnectorError, InvalidState, describe, milliseconds, wellFormed } from "./errors.js";
import { write, writeRows } from "./json.js";
import { parseJson } from "./parse.js";

const KEYS = new Set(["insert", "state", "hasMore", "wait"]);

/** Parses the state that the last page left. */
export function readState(text) {
  let state;
  try {
    state = parseJson(text);
  } catch (cause) {
    throw new InvalidState(`the state is not valid JSON: ${cause.message}`, { cause });
  }
  return state;
}

/** The contract's page. */
export function contractPage(page, table) {
  const what = `the page of table ${JSON.stringify(table)}`;
  if (page === null || typeof page !== "object" || Array.isArray(page)) {
    throw new ConnectorError(`${what} is ${describe(page)}, not an object { insert, state, hasMore }`);
  }
  for (const key of Object.keys(page)) {
    if (!KEYS.has(key)) {
      throw new ConnectorError(`${what} has the unknown key ${JSON.stringify(key)}; a page has insert, state, hasMore and wait`);
    }
  }
  const { insert, state, hasMore, wait } = page;
  if (typeof hasMore !== "boolean") {
    throw new ConnectorError(`${what} has ${describe(hasMore)} as hasMore, not true or false`);
  }
  return {
    insert: contractRows(insert, what),
    state: contractState(state, what),
    hasMore,
    wait: wait === undefined || wait === null ? undefined : milliseconds(wait, `wait of ${what}`),
  };
}

function contractRows(insert, what) {
  // The API's own JSON is passed on unchanged.
  if (typeof insert === "string") return wellFormed(insert);
  if (!Array.isArray(insert)) {
    throw new ConnectorError(`${what} has ${describe(insert)} as insert, not an array of rows or its JSON`);
  }
  return writeRows(insert);
}

function contractState(state, what) {
  if (state === undefined) {
    throw new ConnectorError(`${what} has no state: return an object for the next call, or null to clear the state`);
  }
  if (typeof state !== "object" || Array.isArray(state)) {
    throw new ConnectorError(`${what} has ${describe(state)} as state, not an object or null`);
  }
  return write(state, `the state in ${what}`);
}
