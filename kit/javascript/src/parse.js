// Parses JSON without silent losses: a number that a Number can't hold becomes a BigInt or a `Decimal`.

import { Decimal, NUMBER, isExact } from "./decimal.js";

// A Number holds any shorter run of digits, including sign and point. With an exponent beyond 300 it becomes Infinity,
// which is an error in a row, or 0.
const RUN = 16;
const EXPONENT = /[eE][+-]?\d+/y;
const BEFORE = /[:,[\s]/;

// A string with the colon that makes it a key, a number, or a name that other languages write for a non-finite number.
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?|-?\d[\d.eE+-]*|-?\b(?:NaN|Infinity)\b/g;
// The prefix of the strings that replace numbers during parsing.
const MARK = "\u0001";

/**
 * Like `JSON.parse`, but keeps numbers that a Number can't hold: integers become BigInts, other numbers `Decimal`s. NaN
 * and Infinity, which JSON doesn't have, become `notNumbers` if it is given. Otherwise they are an error that names
 * their place.
 */
export function parseJson(text, { notNumbers } = {}) {
  let parsed;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    if (!/NaN|Infinity/.test(text)) throw cause;
    return parseMarked(text, notNumbers, cause);
  }
  const inexact = findInexact(text);
  if (inexact.length === 0) return parsed;
  return parseReplaced(text, inexact) ?? parseMarked(text, notNumbers) ?? parsed;
}

/**
 * The places of numbers that a Number can't hold, as pairs of start and end. Strings may contain text that looks like
 * such a number. Checks one character in each run that is long enough: a regular expression over the text takes as long
 * as parsing it.
 */
function findInexact(text) {
  const found = [];
  for (let at = RUN - 1; at < text.length; at += RUN) {
    if (!isOfNumber(text.charCodeAt(at))) continue;
    let begin = at;
    while (isOfNumber(text.charCodeAt(begin - 1))) begin -= 1;
    let end = at + 1;
    while (isOfNumber(text.charCodeAt(end))) end += 1;
    if (end - begin < RUN) continue;
    // The next character to check is behind this run.
    at += RUN * Math.floor((end - at) / RUN);
    if (text[begin - 1] === "-") begin -= 1;
    if (begin > 0 && !BEFORE.test(text[begin - 1])) continue;
    EXPONENT.lastIndex = end;
    if (EXPONENT.test(text)) end = EXPONENT.lastIndex;
    if (!isHeld(text.slice(begin, end))) found.push([begin, end]);
  }
  return found;
}

/** Whether a character code is that of a digit or a point; false for NaN, the code beyond the end of the text. */
const isOfNumber = (code) => (code >= 48 && code <= 57) || code === 46;

const isHeld = (digits) => !NUMBER.test(digits) || isExact(digits);

/**
 * Parses with marked strings at these places. Returns `undefined` if one of them is in a string, or the text contains
 * the mark.
 */
function parseReplaced(text, places) {
  if (text.includes("\\u0001")) return undefined;
  let marked = "";
  let done = 0;
  for (const [begin, end] of places) {
    marked += `${text.slice(done, begin)}"\\u0001n${text.slice(begin, end)}"`;
    done = end;
  }
  let value;
  try {
    value = JSON.parse(marked + text.slice(done));
  } catch {
    // The quote ended a string, and an escape can't follow it.
    return undefined;
  }
  return unmark(value, "");
}

/** Parses with marked strings in place of numbers. Returns `undefined` if there is no number to mark. */
function parseMarked(text, notNumbers, cause) {
  let found = false;
  const marked = text.replace(TOKEN, (token, colon) => {
    if (token.startsWith('"')) {
      // A string of the API itself may begin with the mark, which JSON can only contain as an escape.
      return colon === undefined && token.startsWith('"\\u0001') ? `"\\u0001s${token.slice(1)}` : token;
    }
    const isNumber = /\d/.test(token);
    if (isNumber && isExact(token)) return token;
    found = true;
    return `"\\u0001${isNumber ? "n" : "x"}${token}"`;
  });
  if (!found) {
    if (cause !== undefined) throw cause;
    return undefined;
  }
  let value;
  try {
    value = JSON.parse(marked);
  } catch (error) {
    // The text is invalid in another place, too. The first error describes the original text.
    throw cause ?? error;
  }
  return unmark(value, "", notNumbers, cause);
}

function unmark(value, place, notNumbers, cause) {
  if (typeof value === "string") {
    if (!value.startsWith(MARK)) return value;
    const rest = value.slice(2);
    if (value[1] === "s") return rest;
    if (value[1] === "n") return /^-?\d+$/.test(rest) ? BigInt(rest) : new Decimal(rest);
    if (notNumbers !== undefined) return notNumbers;
    const where = place === "" ? "the text" : place.replace(/^\./, "");
    const message = `${where} is ${rest}, which JSON does not have; pass { notNumbers: null } to read it as null`;
    throw new SyntaxError(message, { cause });
  }
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at++) value[at] = unmark(value[at], `${place}[${at}]`, notNumbers, cause);
  } else if (value !== null && typeof value === "object") {
    for (const key of Object.keys(value)) {
      const inner = unmark(value[key], `${place}.${key}`, notNumbers, cause);
      // Not by assignment, since `__proto__` would set the prototype.
      if (inner !== value[key]) {
        Object.defineProperty(value, key, { value: inner, configurable: true, enumerable: true, writable: true });
      }
    }
  }
  return value;
}
