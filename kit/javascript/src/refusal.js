// Detects whether a response refuses a request because of a quota, and for how long.

import { MOST_MILLISECONDS } from "./errors.js";

// Statuses that waiting doesn't change, whatever time the response gives: they concern the credential, the resource or
// the method.
const LASTING = [401, 404, 405, 407, 410, 451, 501];
// Statuses with which APIs refuse requests beyond a quota.
const OF_QUOTAS = [400, 402, 403, 420, 429, 430, 503, 509, 529];
const MILLISECONDS = ["retry-after-ms", "x-retry-after-ms", "x-ms-retry-after-ms"];
const TIMES = [
  "retry-after",
  "x-retry-after",
  "x-ratelimit-retry-after",
  "x-rate-limit-retry-after",
  "ratelimit-retry-after",
];
// From this value on, a number is a time since 1970 in seconds, and from the next one on, in milliseconds.
const EPOCH_SECONDS = 1e9;
const EPOCH_MILLISECONDS = 1e12;

/**
 * The rate limit that a response with this status and these headers reports, with the wait in milliseconds if a header
 * gives it; undefined if it reports no rate limit.
 */
export function rateLimit(status, headers, now) {
  if (status < 400 || LASTING.includes(status)) return undefined;
  const announced = waitOf(headers, now);
  const resets = spent(headers, now);
  const isSpent = OF_QUOTAS.includes(status) && resets.length > 0;
  if (status !== 429 && status !== 420 && !announced && !isSpent) return undefined;
  const known = resets.filter((reset) => reset !== undefined);
  const wait = announced || (known.length > 0 ? Math.max(...known) : announced);
  return { wait: wait === undefined ? undefined : Math.min(Math.round(wait), MOST_MILLISECONDS) };
}

/** The wait that a header gives, in milliseconds: its value is a number of seconds, a time since 1970, or a date. */
export function millisecondsUntil(value, now) {
  if (value === null) return undefined;
  const number = numberIn(value);
  if (number === undefined) {
    // A date without a zone is in UTC, whatever the local zone is.
    const text = value.trim().replace(/^(\d{4}-\d\d-\d\d)[ Tt](\d\d:\d\d(:\d\d(\.\d+)?)?)$/, "$1T$2Z");
    const date = Date.parse(text);
    return Number.isNaN(date) || /^\s*[-+\d.]*\s*$/.test(value) ? undefined : Math.max(date - now, 0);
  }
  if (number < EPOCH_SECONDS) return number * 1000;
  return Math.max((number < EPOCH_MILLISECONDS ? number * 1000 : number) - now, 0);
}

/** The wait that the headers give; 0 if the time is in the past. */
function waitOf(headers, now) {
  const names = [...headers].map(([name]) => name);
  const isSpent = !names.some(isRemaining) || spent(headers, now).length > 0;
  const resets = isSpent ? names.filter((name) => /rate-?limit-reset-after/.test(name)) : [];
  const waits = [
    ...MILLISECONDS.map((name) => numberIn(headers.get(name) ?? "")),
    ...[...TIMES, ...resets].map((name) => millisecondsUntil(headers.get(name), now)),
  ].filter((wait) => wait !== undefined);
  return waits.find((wait) => wait > 0) ?? waits[0];
}

/** The times until the reset of each quota that is used up; undefined for a quota whose reset is not given. */
function spent(headers, now) {
  return [...headers]
    .filter(([name, value]) => isRemaining(name) && value.trim() === "0")
    .map(([name]) => millisecondsUntil(headers.get(name.replace("remaining", "reset")), now))
    .filter((reset) => reset !== 0);
}

/** Whether a header gives what is left of a quota, such as `x-ratelimit-minutely-remaining`. */
function isRemaining(name) {
  return /rate-?limit/.test(name) && name.includes("remaining");
}

function numberIn(text) {
  return /^\s*\d+(\.\d*)?\s*$/.test(text) ? Number(text) : undefined;
}
