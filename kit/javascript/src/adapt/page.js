// A page of Weld's, from a function's answer.

import { ConnectorError, describe, wellFormed } from "../errors.js";
import { write } from "../json.js";
import { parseJson } from "../parse.js";
import { quoted, refusal } from "./problems.js";

/**
 * The parts of a page, each as its JSON, of a value that is one; `undefined` for any other value. As `JSON.stringify` writes
 * them, once: the whole need not be written and read again.
 */
export function partsOf(value) {
  const isPage =
    value !== null && typeof value === "object" && typeof value.toJSON !== "function" && Array.isArray(value.insert);
  if (!isPage) return undefined;
  const { insert, state, hasMore } = value;
  return { insert: JSON.stringify(insert), state: JSON.stringify(state), hasMore, ...rest(value) };
}

// For a message that quotes the value.
const rest = (value) => ({ keys: Object.keys(value) });

/** The value that a text holds, also where it was written as JSON twice. */
export function valueOf(text) {
  const value = parseJson(text);
  return typeof value === "string" ? parseJson(value) : value;
}

/** The contract's page. */
export function pageOf(answer, target) {
  const { status, text, parts } = answer;
  if (status >= 400) throw refusal(textOf(answer), target);
  if (status >= 300)
    throw new ConnectorError(`the function answered ${status}, which is no page: ${quoted(text ?? "")}`);
  return checked(parts ?? partsOfText(text), text);
}

/** An answer with its text, if only parts of it are known. */
const textOf = (answer) => (answer.text === undefined ? { ...answer, text: JSON.stringify(answer.parts) } : answer);

function partsOfText(text) {
  let value;
  try {
    value = valueOf(text);
  } catch (cause) {
    const isPage = /^\s*<(?:!doctype|html)/i.test(text);
    throw new ConnectorError(`the function's answer is ${isPage ? "HTML" : "no JSON"}: ${quoted(text)}`, { cause });
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw new ConnectorError(
      `the function answered ${describe(value)}, not an object { insert, state, hasMore }: ${quoted(text)}`,
    );
  }
  const { insert, state, hasMore } = value;
  const isList = Array.isArray(insert);
  return {
    insert: isList ? write(insert, "insert") : undefined,
    state: state === undefined ? undefined : write(state, "state"),
    hasMore,
    keys: Object.keys(value),
    instead: isList ? undefined : describe(insert),
  };
}

function checked({ insert, state, hasMore, keys, instead }, text) {
  const shown = text === undefined ? `an object with ${keys.join(", ")}` : quoted(text);
  const fail = (what) => new ConnectorError(`the function's answer ${what}: ${shown}`);
  if (insert === undefined) {
    throw fail(
      keys.includes("insert") ? `has ${instead} as insert, not a list of rows` : "has no insert, so it is no page",
    );
  }
  if (typeof hasMore !== "boolean") throw fail(`has ${describe(hasMore)} as hasMore, not true or false`);
  if (state === undefined) throw fail("has no state; what the next page needs belongs there, or {}");
  if (!/^\s*(?:\{|null)/.test(state)) throw fail("has a state that is neither an object nor null");
  return { insert: wellFormed(insert), state: wellFormed(state), hasMore, wait: undefined };
}
