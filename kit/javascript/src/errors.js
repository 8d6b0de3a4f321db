// The contract's errors as classes, and the conversion of anything thrown to one of them.

import { adviceOn } from "./missing.js";

/** The largest number of milliseconds in the contract. */
export const MOST_MILLISECONDS = 4_294_967_295;

/** Text without unpaired surrogates, which the contract's strings can't hold. */
export const wellFormed = (text) => String(text).toWellFormed();

/** The base of all errors that stand for one of the contract's errors, in `payload`. */
export class ConnectorError extends Error {
  constructor(message, { cause, tag = "other" } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = this.constructor.name;
    this.payload = { tag, val: String(message) };
  }
}

/** The schema has no table of this name. */
export class UnknownTable extends ConnectorError {
  constructor(message = "the connector has no such table", options) {
    super(message, options);
    this.payload = { tag: "unknown-table" };
  }
}

/** A variable is missing or invalid: the operator must fix the connector's configuration. */
export class Misconfigured extends ConnectorError {
  constructor(message, options) {
    super(message, { ...options, tag: "misconfigured" });
  }
}

/** This connector did not write the state, or the API refused its cursor: the sync must start from the beginning. */
export class InvalidState extends ConnectorError {
  constructor(message, options) {
    super(message, { ...options, tag: "invalid-state" });
  }
}

/** The API refused the connector's credentials. */
export class Unauthorized extends ConnectorError {
  constructor(message, options) {
    super(message, { ...options, tag: "unauthorized" });
  }
}

/**
 * The API refused for now. `wait` is the number of milliseconds it asked for, if any. The host waits and requests the
 * page again.
 */
export class RateLimited extends ConnectorError {
  constructor(wait, options) {
    super(`the API asks the connector to wait${wait === undefined ? "" : ` ${wait} ms`}`, options);
    this.wait = wait === undefined ? undefined : milliseconds(wait, "the wait of RateLimited");
    this.payload = { tag: "rate-limited", val: this.wait };
  }
}

/** The API failed, or its response was invalid. */
export class Upstream extends ConnectorError {
  constructor(message, options) {
    super(message, { ...options, tag: "upstream" });
  }
}

/** Checks that `value` is a number of milliseconds, and rounds it up. `what` names it in the error. */
export function milliseconds(value, what) {
  if (typeof value !== "number" || !(value >= 0 && value <= MOST_MILLISECONDS)) {
    throw new ConnectorError(
      `${what} is ${describe(value)}, not a number of milliseconds from 0 to ${MOST_MILLISECONDS}`,
    );
  }
  return Math.ceil(value);
}

/** Describes a value for a message: `null`, `"text"`, `an array`, `a Map`. */
export function describe(value) {
  switch (typeof value) {
    case "string":
      return value.length > 40 ? "a text" : JSON.stringify(value);
    case "bigint":
      return `the BigInt ${value}`;
    case "symbol":
    case "function":
      return `a ${typeof value}`;
    case "object": {
      if (value === null) return "null";
      if (Array.isArray(value)) return "an array";
      const name = value.constructor?.name;
      if (typeof name !== "string" || name === "" || name === "Object") return "an object";
      if (name === "Promise") return "a Promise (is an `await` missing?)";
      return `${/^[AEIOU]/.test(name) ? "an" : "a"} ${name}`;
    }
    default:
      return String(value);
  }
}

const MESSAGES = new Set(["misconfigured", "invalid-state", "unauthorized", "upstream", "other"]);

// Whether `payload` is one of the contract's errors. Any other value would end the sandbox without a message.
function isContractError(payload) {
  if (payload === null || typeof payload !== "object") return false;
  const { tag, val } = payload;
  if (tag === "unknown-table") return true;
  if (tag === "rate-limited") {
    return val === undefined || (Number.isInteger(val) && val >= 0 && val <= MOST_MILLISECONDS);
  }
  return MESSAGES.has(tag) && typeof val === "string";
}

/** The contract's error for anything thrown, and whether the author threw one of the contract's errors. */
export function contractError(thrown) {
  for (const payload of [thrown?.payload, thrown]) {
    if (isContractError(payload)) {
      const { tag, val } = payload;
      return { meant: true, error: { tag, val: typeof val === "string" ? wellFormed(val) : val } };
    }
  }
  return { meant: false, error: { tag: "other", val: wellFormed(messageOf(thrown) + placeOf(thrown)) } };
}

// Converts a stack to one with the places in the author's files; undefined if it is not known where these are.
let inSources = (stack) => (globalThis.weldConnectorLines === undefined ? undefined : withSources(stack));

/** From now on, `read` returns a stack with the places in the author's files, as `withSources` does in a component. */
export function readStacksWith(read) {
  inSources = read;
}

/** The author's own file and line in which an error was created, such as " (connector.js:12)"; empty if it is unknown. */
export function placeOf(thrown) {
  const stack = typeof thrown?.stack === "string" ? inSources(thrown.stack) : undefined;
  for (const [, place] of stack?.matchAll(/(?:\(|^\s*at (?:async )?)([^()\s]+:\d+)\)?$/gm) ?? []) {
    if (!/(?:^|\/)(?:node_modules|weld-connector)\/|^\.\.|^\/|^\w+:|^weld-connector-entry/.test(place)) return ` (${place})`;
  }
  return "";
}

/** A stack without the frames of this kit, of the engine and of the bundle itself. */
function withoutKit(stack) {
  const isFrame = /^\s*at /;
  const isKits = /\bweld-connector(?:\/(?:src|adapt|bin)\/|-entry)|\bnode:|\(native\)$|connector\.js:\d+:\d+/;
  const lines = inSources(stack)?.split("\n");
  return lines?.filter((line) => !(isFrame.test(line) && isKits.test(line))).join("\n");
}

/** A thrown value in one line. */
export function messageOf(thrown) {
  if (thrown instanceof Error) {
    return thrown.message === "" ? thrown.name : `${thrown.name}: ${thrown.message}${adviceOn(thrown)}`;
  }
  return `${describe(thrown)} was thrown instead of an Error`;
}

/** The text of an error for the log: its message, its stack and its causes. */
export function trace(thrown) {
  const lines = [];
  for (let error = thrown, depth = 0; error !== undefined && depth < 8; error = error?.cause, depth++) {
    const stack = typeof error?.stack === "string" ? (withoutKit(error.stack.trimEnd()) ?? error.stack.trimEnd()) : "";
    const message = messageOf(error);
    // QuickJS leaves the message out of the stack; other engines begin the stack with it.
    const text = stack.includes(message) ? stack : [message, stack].filter(Boolean).join("\n");
    lines.push(depth === 0 ? text : `caused by ${text}`);
  }
  return wellFormed(lines.join("\n"));
}

/** A stack with the places in the author's files. The build stores where each line of the bundle comes from. */
export function withSources(stack) {
  const { sources, lines } = globalThis.weldConnectorLines ?? { sources: [], lines: [] };
  return stack.replace(/(?:\/[\w.-]+)*\/?\bconnector\.js:(\d+):\d+/g, (place, line) => {
    const source = sources[lines[2 * line - 2]];
    return source === undefined ? place : `${source}:${lines[2 * line - 1]}`;
  });
}
