// Node's `assert`. All functions except `equal` compare strictly.

import { inspect, isDeepStrictEqual } from "./util.js";

export class AssertionError extends Error {
  constructor({ message, actual, expected, operator }) {
    super(message ?? `${inspect(actual)} ${operator} ${inspect(expected)}`);
    this.name = "AssertionError";
    this.code = "ERR_ASSERTION";
    Object.assign(this, { actual, expected, operator });
  }
}

function check(holds, actual, expected, operator, message) {
  if (holds) return;
  if (message instanceof Error) throw message;
  throw new AssertionError({ message, actual, expected, operator });
}

export function ok(value, message) {
  check(Boolean(value), value, true, "is not", message);
}

export const fail = (message = "Failed") => check(false, undefined, undefined, "fail", message);
export const equal = (one, other, message) => check(one == other, one, other, "is not", message);
export const strictEqual = (one, other, message) => check(Object.is(one, other), one, other, "is not", message);
export const notStrictEqual = (one, other, message) => check(!Object.is(one, other), one, other, "is", message);
export const deepStrictEqual = (one, other, message) =>
  check(isDeepStrictEqual(one, other), one, other, "does not deeply equal", message);
export const notDeepStrictEqual = (one, other, message) =>
  check(!isDeepStrictEqual(one, other), one, other, "deeply equals", message);
export const match = (text, pattern, message) => check(pattern.test(text), text, pattern, "does not match", message);
export { deepStrictEqual as deepEqual, notDeepStrictEqual as notDeepEqual, notStrictEqual as notEqual };

function fits(error, expected) {
  if (expected === undefined) return true;
  if (expected instanceof RegExp) return expected.test(String(error));
  if (typeof expected === "function") return error instanceof expected || expected(error) === true;
  return Object.keys(expected).every((key) => isDeepStrictEqual(error[key], expected[key]));
}

export function throws(call, expected, message) {
  try {
    call();
  } catch (error) {
    if (!fits(error, expected)) throw error;
    return;
  }
  check(false, "nothing", "an error", "was thrown, not", message);
}

export async function rejects(pending, expected, message) {
  try {
    await (typeof pending === "function" ? pending() : pending);
  } catch (error) {
    if (!fits(error, expected)) throw error;
    return;
  }
  check(false, "nothing", "an error", "was thrown, not", message);
}

const assert = Object.assign((value, message) => ok(value, message), {
  AssertionError,
  deepEqual: deepStrictEqual,
  deepStrictEqual,
  equal,
  fail,
  match,
  notDeepEqual: notDeepStrictEqual,
  notDeepStrictEqual,
  notEqual: notStrictEqual,
  notStrictEqual,
  ok,
  rejects,
  strictEqual,
  throws,
});
assert.strict = assert;
export default assert;
