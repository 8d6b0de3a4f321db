// A page of Weld's, from a function's answer.

import { ConnectorError, describe, wellFormed } from "../errors.js";
import { write } from "../json.js";
import { log } from "../log.js";
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
  const fail = (what, cause) => {
    const { place } = answer;
    return new ConnectorError(`${place === undefined ? "" : `${place}: `}${what}`, { cause });
  };
  if (status >= 300) throw fail(`the function answered ${status}, which is no page: ${quoted(text ?? "")}`);
  return checked(parts ?? partsOfText(text, fail), text, fail);
}

/** An answer with its text, if only parts of it are known. */
const textOf = (answer) => (answer.text === undefined ? { ...answer, text: JSON.stringify(answer.parts) } : answer);

function partsOfText(text, fail) {
  let value;
  try {
    value = valueOf(text);
  } catch (cause) {
    const isPage = /^\s*<(?:!doctype|html)/i.test(text);
    throw fail(`the function's answer is ${isPage ? "HTML" : "no JSON"}: ${quoted(text)}`, cause);
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw fail(`the function answered ${describe(value)}, not an object { insert, state, hasMore }: ${quoted(text)}`);
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

const OF_PAGES = new Set(["insert", "state", "hasMore"]);

function checked({ insert, state, hasMore, keys, instead }, text, fail) {
  const shown = text === undefined ? `an object with ${keys.join(", ")}` : quoted(text);
  const wrong = (what) => fail(`the function's answer ${what}: ${shown}`);
  if (insert === undefined) {
    throw wrong(
      keys.includes("insert") ? `has ${instead} as insert, not a list of rows` : "has no insert, so it is no page",
    );
  }
  if (typeof hasMore !== "boolean") throw wrong(`has ${describe(hasMore)} as hasMore, not true or false`);
  if (state === undefined) throw wrong("has no state; what the next page needs belongs there, or {}");
  if (!/^\s*(?:\{|null)/.test(state)) throw wrong("has a state that is neither an object nor null");
  const others = keys.filter((key) => !OF_PAGES.has(key));
  if (others.length > 0) {
    log("warn", `page: ${others.join(", ")} is left out: Weld takes insert, state and hasMore of a page, and nothing else`);
  }
  return { insert: wellFormed(insert), state: wellFormed(state), hasMore, wait: undefined };
}
