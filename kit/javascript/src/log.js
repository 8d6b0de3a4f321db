// The host's log, and `console` on top of it.

import { log as hostLog } from "#host";
import { Decimal } from "./decimal.js";
import { trace, wellFormed } from "./errors.js";
import { isRunning } from "./running.js";

/** Writes a message, possibly of several lines, to the host's log. Messages logged while the connector is built are dropped. */
export function log(level, message) {
  if (isRunning()) hostLog(level, wellFormed(message));
}

/** Writes each line of a text to the host's log separately, as the platforms of functions do. */
export function logLines(level, text) {
  for (const line of text.split(/\r?\n/)) log(level, line);
}

/** A `console` that writes to the host's log with `write`. */
export function makeConsole(write = log) {
  const at =
    (level) =>
    (...values) =>
      write(level, values.map((value) => inspect(value)).join(" "));
  return {
    debug: at("debug"),
    trace: at("debug"),
    log: at("info"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    dir: (value) => at("info")(value),
    group: at("info"),
    groupEnd() {},
    table: at("info"),
    time() {},
    timeEnd() {},
    timeLog() {},
    assert: (condition, ...values) => condition || at("error")("assertion failed:", ...values),
  };
}

/** The text of a value in a log line. */
export function inspect(value) {
  if (typeof value === "string") return value;
  if (value instanceof Error) return trace(value);
  return inspectInner(value, []);
}

const MOST_DEPTH = 4;

function inspectInner(value, outer) {
  const inner = (item) => inspectInner(item, [...outer, value]);
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "bigint":
      return `${value}n`;
    case "function":
      return `[function ${value.name || "without a name"}]`;
    case "object":
      break;
    default:
      return String(value);
  }
  if (value === null) return "null";
  if (value instanceof Error) return `[${value.name}: ${value.message}]`;
  if (value instanceof Decimal) return String(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (outer.includes(value)) return "[circular]";
  if (outer.length >= MOST_DEPTH) return Array.isArray(value) ? "[…]" : "{…}";
  if (Array.isArray(value) || value instanceof Set) return `[${Array.from(value, inner).join(", ")}]`;
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return `{${entries.map(([key, item]) => `${String(key)}: ${inner(item)}`).join(", ")}}`;
}
