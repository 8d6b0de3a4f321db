// Timers, and the loop that runs a page to its end: first all jobs, then the host's `sleep` until the next timer.

import { sleep as hostSleep } from "#host";
import { ConnectorError, MOST_MILLISECONDS, milliseconds } from "./errors.js";
import { queueJob, runJobs } from "./promise.js";
import { requireRunning } from "./running.js";

let timers = new Map();
let lastId = 0;
// The loop's own time. It advances by the time slept, so a clock that jumps has no effect.
let slept = 0;

/** The page has less time left than the sleep would take. */
export class OutOfTime extends ConnectorError {
  constructor(left, options) {
    super(`the page has only ${left} ms left, less than the requested sleep`, options);
    this.left = left;
  }
}

/** The connector waits for a promise that nothing will settle. */
export class NeverSettled extends ConnectorError {
  constructor(what) {
    super(
      `${what} returned a promise that nothing will settle: no request, timer or job is left. ` +
        "Look for a promise whose resolve is never called, or for a promise of the engine itself",
    );
  }
}

function add(timer, delay) {
  requireRunning("a timer");
  const wanted = Number(delay);
  const wait = wanted > 0 ? Math.min(Math.ceil(wanted), MOST_MILLISECONDS) : 0;
  const id = ++lastId;
  timers.set(id, { ...timer, due: slept + wait });
  return id;
}

/** Calls `callback` after `delay` milliseconds. */
export function setTimeout(callback, delay = 0, ...values) {
  return add({ run: () => callback(...values) }, delay);
}

/** Calls `callback` every `delay` milliseconds. */
export function setInterval(callback, delay = 0, ...values) {
  const every = Math.max(Number(delay) || 0, 1);
  const timer = {
    run() {
      timers.set(id, { ...timer, due: slept + every });
      callback(...values);
    },
  };
  const id = add(timer, every);
  return id;
}

/** Forgets a timer or an interval. */
export function clearTimer(id) {
  timers.delete(id);
}

/**
 * Waits for this number of milliseconds without using a processor. Rejects with `OutOfTime` if the page has less time
 * left.
 */
export function sleep(duration) {
  return new globalThis.Promise((resolve, reject) => {
    add({ run: resolve, fail: reject }, milliseconds(duration, "the duration of sleep"));
  });
}

const firstDue = () => Math.min(...Array.from(timers.values(), ({ due }) => due));

/** The milliseconds until the next timer; Infinity if there is none. */
export const untilTimer = () => firstDue() - slept;

/** Advances the loop by milliseconds that have passed outside of it, and runs the timers that are due by then. */
export function passTime(duration) {
  const end = slept + duration;
  while (firstDue() <= end) {
    slept = Math.max(slept, firstDue());
    runTimer();
  }
  slept = Math.max(slept, end);
}

// Sleeps until the next timer and runs it. Returns false if there is no timer.
function runTimer() {
  let first;
  for (const [id, timer] of timers) {
    // If two are due at the same time, the one that was set first runs first.
    if (first === undefined || timer.due < first.timer.due) first = { id, timer };
  }
  if (first === undefined) return false;
  const { id, timer } = first;
  timers.delete(id);
  try {
    if (timer.due > slept) {
      hostSleep(timer.due - slept);
      slept = timer.due;
    }
  } catch (error) {
    const left = error?.payload?.left;
    if (left === undefined) throw error;
    const outOfTime = new OutOfTime(left, { cause: error });
    if (timer.fail === undefined) throw outOfTime;
    timer.fail(outOfTime);
    return true;
  }
  timer.run();
  return true;
}

/** Removes the timers that an earlier call left. */
export function reset() {
  timers = new Map();
  slept = 0;
}

/** Whether `await` would wait for the value. */
export const isThenable = (value) => value !== null && typeof value === "object" && typeof value.then === "function";

// Records how a promise is settled.
function watch(promise) {
  const outcome = { settled: false };
  const settle = (returns) => (value) => Object.assign(outcome, { settled: true, returns, value });
  promise.then(settle(true), settle(false));
  return outcome;
}

function take(outcome) {
  if (outcome.returns) return outcome.value;
  throw outcome.value;
}

/**
 * Runs the loop until `value` is settled, and returns its result. `what` names the call that returned it. `unsettled`
 * makes the error if nothing can settle it.
 */
export function drive(value, what, unsettled = () => new NeverSettled(what)) {
  if (!isThenable(value)) return value;
  const outcome = watch(value);
  for (;;) {
    runJobs();
    if (outcome.settled) return take(outcome);
    if (!runTimer()) throw unsettled();
  }
}

/** Like `drive`, for tests, where the engine runs the jobs. `turn` lets it run all queued jobs. */
export async function driveNatively(value, what, turn, unsettled = () => new NeverSettled(what)) {
  if (!isThenable(value)) return value;
  const outcome = watch(value);
  for (;;) {
    await turn();
    if (outcome.settled) return take(outcome);
    if (!runTimer()) throw unsettled();
  }
}

export { queueJob as queueMicrotask };
