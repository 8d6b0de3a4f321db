// Writes JSON without silent losses. Values that `JSON.stringify` would turn into `null` or another number are written
// exactly, or are an error that names their place.

import { Decimal } from "./decimal.js";
import { ConnectorError, describe } from "./errors.js";

// Deeper values are written step by step, which finds a value that contains itself.
const PLAIN_DEPTH = 64;
const MOST_DEPTH = 512;

/**
 * Whether `JSON.stringify` writes an object or array without losses. Uses `Object.values`, which takes two thirds of
 * the time of `for … in` in QuickJS.
 */
function isPlain(outer, depth) {
  if (depth > PLAIN_DEPTH) return false;
  let values = outer;
  if (!Array.isArray(outer)) {
    if (Object.getPrototypeOf(outer) !== Object.prototype) return false;
    values = Object.values(outer);
  }
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    switch (typeof value) {
      case "string":
      case "boolean":
      case "undefined":
        break;
      case "number":
        // Not zero for NaN and the infinities.
        if (value - value !== 0) return false;
        break;
      case "object":
        if (value !== null && !isPlain(value, depth + 1)) return false;
        break;
      default:
        return false;
    }
  }
  return true;
}

/** Writes `value` as JSON. `place` names it in errors, for example `state`. */
export function write(value, place) {
  return isPlain([value], 0) ? JSON.stringify(value) : writeSlowly(value, place, "", 0);
}

/** Writes rows as a JSON array. Each must be an object. */
export function writeRows(rows) {
  let plain = true;
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index];
    if (row === null || typeof row !== "object" || Array.isArray(row) || row instanceof Date) {
      throw new ConnectorError(`row ${index + 1} of the page is ${describe(row)}, not an object`);
    }
    plain &&= isPlain(row, 0);
  }
  if (plain) return JSON.stringify(rows);
  return `[${rows.map((row, index) => write(row, `row ${index + 1} of the page`)).join(",")}]`;
}

function writeSlowly(value, place, field, depth) {
  const fail = (what) => {
    const shown = field.length > 200 ? `${field.slice(0, 100)}…` : field;
    const where = field === "" ? place : `${place}, field ${JSON.stringify(shown)}`;
    return new ConnectorError(`${where}: ${what}`);
  };
  if (depth > MOST_DEPTH) throw fail("the value is nested too deeply, or contains itself");
  switch (typeof value) {
    case "string":
    case "boolean":
      return JSON.stringify(value);
    case "number":
      if (!Number.isFinite(value)) throw fail(`${value} is not a JSON number; use null for a missing value`);
      return JSON.stringify(value);
    case "bigint":
      return String(value);
    case "object":
      break;
    default:
      throw fail(`${describe(value)} can't be written as JSON`);
  }
  if (value === null) return "null";
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw fail("the Date is invalid");
    return JSON.stringify(value.toISOString());
  }
  if (value instanceof Decimal) return String(value);
  if (typeof value.toJSON === "function") {
    return writeSlowly(value.toJSON(), place, field, depth + 1);
  }
  if ([Number, String, Boolean, BigInt].some((Type) => value instanceof Type)) {
    return writeSlowly(value.valueOf(), place, field, depth + 1);
  }
  if (Array.isArray(value)) {
    // Not with `map`, which skips holes.
    const items = Array.from(value, (item, index) =>
      item === undefined ? "null" : writeSlowly(item, place, `${field}[${index}]`, depth + 1),
    );
    return `[${items.join(",")}]`;
  }
  if (isOpaque(value)) {
    throw fail(`${describe(value)} can't be written as JSON`);
  }
  const members = [];
  for (const key of Object.keys(value)) {
    if (value[key] !== undefined) {
      const inner = field === "" ? key : `${field}.${key}`;
      members.push(`${JSON.stringify(key)}:${writeSlowly(value[key], place, inner, depth + 1)}`);
    }
  }
  return `{${members.join(",")}}`;
}

// Objects whose content isn't in their properties. `JSON.stringify` would write `{}` for them.
function isOpaque(value) {
  return (
    ArrayBuffer.isView(value) ||
    [Map, Set, WeakMap, WeakSet, ArrayBuffer, RegExp, Error].some((Type) => value instanceof Type) ||
    typeof value.then === "function"
  );
}
