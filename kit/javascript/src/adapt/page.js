// Converts a function's response to a page.

import { ConnectorError, describe, wellFormed } from "../errors.js";
import { write } from "../json.js";
import { log } from "../log.js";
import { parseJson } from "../parse.js";
import { quoted, refusal } from "./problems.js";

/**
 * The parts of a page, each as JSON text, if the value is a page; otherwise `undefined`. Each part is written once,
 * with `JSON.stringify`, so that the whole need not be written and parsed again.
 */
export function partsOf(value) {
  const isPage =
    value !== null && typeof value === "object" && typeof value.toJSON !== "function" && Array.isArray(value.insert);
  if (!isPage) return undefined;
  const { insert, state, hasMore } = value;
  return { insert: JSON.stringify(insert), state: JSON.stringify(state), hasMore, ...rest(value) };
}

// For a message that describes the value.
const rest = (value) => ({ keys: Object.keys(value) });

/** Parses a text, even if it was encoded as JSON twice. */
export function valueOf(text) {
  const value = parseJson(text);
  return typeof value === "string" ? parseJson(value) : value;
}

/** The contract's page in a function's response. */
export function pageOf(answer, target) {
  const { status, text, parts } = answer;
  if (status >= 400) throw refusal(textOf(answer), target);
  const fail = (what, cause) => {
    const { place } = answer;
    return new ConnectorError(`${place === undefined ? "" : `${place}: `}${what}`, { cause });
  };
  if (status >= 300) throw fail(`the function answered with status ${status} instead of a page: ${quoted(text ?? "")}`);
  return checked(parts ?? partsOfText(text, fail), text, fail);
}

/** The response with its text, even if only its parts are known. */
const textOf = (answer) => (answer.text === undefined ? { ...answer, text: JSON.stringify(answer.parts) } : answer);

function partsOfText(text, fail) {
  let value;
  try {
    value = valueOf(text);
  } catch (cause) {
    const isPage = /^\s*<(?:!doctype|html)/i.test(text);
    throw fail(`the function's response is ${isPage ? "HTML" : "not valid JSON"}: ${quoted(text)}`, cause);
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw fail(`the function's response is ${describe(value)}, not an object { insert, state, hasMore }: ${quoted(text)}`);
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
  const wrong = (what) => fail(`the function's response ${what}: ${shown}`);
  if (insert === undefined) {
    throw wrong(
      keys.includes("insert") ? `has ${instead} as insert, not a list of rows` : "has no insert, so it is not a page",
    );
  }
  if (typeof hasMore !== "boolean") throw wrong(`has ${describe(hasMore)} as hasMore, not true or false`);
  if (state === undefined) throw wrong("has no state; it must be an object with the data for the next page, or {}");
  if (!/^\s*(?:\{|null)/.test(state)) throw wrong("has a state that is neither an object nor null");
  const others = keys.filter((key) => !OF_PAGES.has(key));
  if (others.length > 0) {
    log("warn", `ignored members of the page: ${others.join(", ")}; Weld reads only insert, state and hasMore`);
  }
  return { insert: wellFormed(insert), state: wellFormed(state), hasMore, wait: undefined };
}
