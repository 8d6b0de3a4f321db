// Whether a response refuses a request for a quota, and for how long.

import { MOST_MILLISECONDS } from "./errors.js";

// Refusals that no wait changes, whatever time they tell: of the credential, the resource or the method.
const LASTING = [401, 404, 405, 407, 410, 451, 501];
// With which APIs refuse requests past a quota.
const OF_QUOTAS = [400, 402, 403, 420, 429, 430, 503, 509, 529];
const MILLISECONDS = ["retry-after-ms", "x-retry-after-ms", "x-ms-retry-after-ms"];
const TIMES = [
  "retry-after",
  "x-retry-after",
  "x-ratelimit-retry-after",
  "x-rate-limit-retry-after",
  "ratelimit-retry-after",
];
// A number from here on is a time since 1970, in seconds or milliseconds.
const EPOCH_SECONDS = 1e9;
const EPOCH_MILLISECONDS = 1e12;

/**
 * The rate limit that a response with this status and these headers is, with the wait in milliseconds where it tells one;
 * undefined where it is none.
 */
export function rateLimit(status, headers, now) {
  if (status < 400 || LASTING.includes(status)) return undefined;
  const told = waitOf(headers, now);
  const resets = spent(headers, now);
  const isSpent = OF_QUOTAS.includes(status) && resets.length > 0;
  if (status !== 429 && status !== 420 && !told && !isSpent) return undefined;
  const known = resets.filter((reset) => reset !== undefined);
  const wait = told || (known.length > 0 ? Math.max(...known) : told);
  return { wait: wait === undefined ? undefined : Math.min(Math.round(wait), MOST_MILLISECONDS) };
}

/** The milliseconds that a header asks for: a number of seconds, a time since 1970, or a date. */
export function millisecondsUntil(value, now) {
  if (value === null) return undefined;
  const number = numberIn(value);
  if (number === undefined) {
    // A date without a zone is in UTC, wherever this runs.
    const text = value.trim().replace(/^(\d{4}-\d\d-\d\d)[ Tt](\d\d:\d\d(:\d\d(\.\d+)?)?)$/, "$1T$2Z");
    const date = Date.parse(text);
    return Number.isNaN(date) || /^\s*[-+\d.]*\s*$/.test(value) ? undefined : Math.max(date - now, 0);
  }
  if (number < EPOCH_SECONDS) return number * 1000;
  return Math.max((number < EPOCH_MILLISECONDS ? number * 1000 : number) - now, 0);
}

/** The wait that a header tells; 0 where its time is past. */
function waitOf(headers, now) {
  const names = [...headers].map(([name]) => name);
  const isSpent = !names.some(isRemaining) || spent(headers, now).length > 0;
  const resets = isSpent ? names.filter((name) => /rate-?limit-reset-after/.test(name)) : [];
  const told = [
    ...MILLISECONDS.map((name) => numberIn(headers.get(name) ?? "")),
    ...[...TIMES, ...resets].map((name) => millisecondsUntil(headers.get(name), now)),
  ].filter((wait) => wait !== undefined);
  return told.find((wait) => wait > 0) ?? told[0];
}

/** The resets of the quotas that have nothing left, undefined where one tells none. */
function spent(headers, now) {
  return [...headers]
    .filter(([name, value]) => isRemaining(name) && value.trim() === "0")
    .map(([name]) => millisecondsUntil(headers.get(name.replace("remaining", "reset")), now))
    .filter((reset) => reset !== 0);
}

/** Whether a header tells what is left of a quota, such as `x-ratelimit-minutely-remaining`. */
function isRemaining(name) {
  return /rate-?limit/.test(name) && name.includes("remaining");
}

function numberIn(text) {
  return /^\s*\d+(\.\d*)?\s*$/.test(text) ? Number(text) : undefined;
}
