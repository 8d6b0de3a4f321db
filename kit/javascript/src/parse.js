// Reading JSON without silent losses: a number that no Number holds becomes a BigInt or a `Decimal`.

import { Decimal, NUMBER, isExact } from "./decimal.js";

// A shorter run of digits is held, with its sign and point, unless its exponent is beyond 300: then it is Infinity, which no
// row takes, or 0.
const RUN = 16;
const EXPONENT = /[eE][+-]?\d+/y;
const BEFORE = /[:,[\s]/;

// A string with the colon that makes it a key, a number, or a word that other languages have for a number.
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?|-?\d[\d.eE+-]*|-?\b(?:NaN|Infinity)\b/g;
// Begins the texts that stand for others while JSON is parsed.
const MARK = "\u0001";

/**
 * Like `JSON.parse`, but keeps what a Number can't hold: integers become BigInts, other numbers `Decimal`s. NaN and
 * Infinity, which JSON doesn't have, are an error that names their place, or become `notNumbers` if that is given.
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
 * Where numbers stand that a Number doesn't hold, as pairs of beginning and end. Strings may hold what looks like one.
 * Looks at one character of each run that is long enough: an expression over the text takes as long as parsing it.
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
    // The next one to look at lies behind this run.
    at += RUN * Math.floor((end - at) / RUN);
    if (text[begin - 1] === "-") begin -= 1;
    if (begin > 0 && !BEFORE.test(text[begin - 1])) continue;
    EXPONENT.lastIndex = end;
    if (EXPONENT.test(text)) end = EXPONENT.lastIndex;
    if (!isHeld(text.slice(begin, end))) found.push([begin, end]);
  }
  return found;
}

/** Whether a character's code is that of a digit or a point; that of no character is none. */
const isOfNumber = (code) => (code >= 48 && code <= 57) || code === 46;

const isHeld = (digits) => !NUMBER.test(digits) || isExact(digits);

/** Parses with marked texts at these places; `undefined` if one of them is within a string, or texts have the mark. */
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
    // The quote ended a string, and an escape can't stand after it.
    return undefined;
  }
  return unmark(value, "");
}

/** Parses with marked texts in place of numbers; `undefined` where there is none to mark. */
function parseMarked(text, notNumbers, cause) {
  let found = false;
  const marked = text.replace(TOKEN, (token, colon) => {
    if (token.startsWith('"')) {
      // The API's own text may begin with the mark, which JSON only has as an escape.
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
    // Broken in another place, too: the engine's words are about the text as it came.
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
    const message = `${where} is ${rest}, which is no number of JSON; { notNumbers: null } reads it as null`;
    throw new SyntaxError(message, { cause });
  }
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at++) value[at] = unmark(value[at], `${place}[${at}]`, notNumbers, cause);
  } else if (value !== null && typeof value === "object") {
    for (const key of Object.keys(value)) {
      const inner = unmark(value[key], `${place}.${key}`, notNumbers, cause);
      // Not by assignment, which `__proto__` would take for itself.
      if (inner !== value[key]) {
        Object.defineProperty(value, key, { value: inner, configurable: true, enumerable: true, writable: true });
      }
    }
  }
  return value;
}
