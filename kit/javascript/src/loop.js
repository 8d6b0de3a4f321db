// Timers, and the loop that drives a page to its end: jobs first, then the host's `sleep` until the next timer.

import { sleep as hostSleep } from "#host";
import { ConnectorError, MOST_MILLISECONDS, milliseconds } from "./errors.js";
import { queueJob, runJobs } from "./promise.js";
import { requireRunning } from "./running.js";

let timers = new Map();
let lastId = 0;
// The time of this loop: it goes on by what was slept, so that a clock that jumps upsets nothing.
let slept = 0;

/** The page has less time left than a sleep would take. */
export class OutOfTime extends ConnectorError {
  constructor(left, options) {
    super(`the page would be out of time before a sleep ends: it has ${left} ms left`, options);
    this.left = left;
  }
}

/** A promise that the connector waits for, and that nothing will ever settle. */
export class NeverSettled extends ConnectorError {
  constructor(what) {
    super(
      `${what} returned a promise that nothing settles: no request, timer or job is left that could. ` +
        "Is there a promise whose resolve is never called, or one of the engine itself?",
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

/** Waits so many milliseconds without using a processor. Rejects with `OutOfTime` where the page has less. */
export function sleep(duration) {
  return new globalThis.Promise((resolve, reject) => {
    add({ run: resolve, fail: reject }, milliseconds(duration, "the duration of sleep"));
  });
}

const firstDue = () => Math.min(...Array.from(timers.values(), ({ due }) => due));

/** The milliseconds until the next timer; Infinity where there is none. */
export const untilTimer = () => firstDue() - slept;

/** Lets so many milliseconds be over that passed without the loop, and runs the timers that are due then. */
export function passTime(duration) {
  const end = slept + duration;
  while (firstDue() <= end) {
    slept = Math.max(slept, firstDue());
    runTimer();
  }
  slept = Math.max(slept, end);
}

// Sleeps until the next timer and runs it. False where there is none.
function runTimer() {
  let first;
  for (const [id, timer] of timers) {
    // Of two that are due at once, the one that was set first.
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

/** Forgets what an earlier call left behind. */
export function reset() {
  timers = new Map();
  slept = 0;
}

/** Whether a value is waited for by `await`. */
export const isThenable = (value) => value !== null && typeof value === "object" && typeof value.then === "function";

// Notes how a promise ends.
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

/** What `value` comes to, driven by this loop; `what` returned it. `unsettled` makes the error for one that nothing settles. */
export function drive(value, what, unsettled = () => new NeverSettled(what)) {
  if (!isThenable(value)) return value;
  const outcome = watch(value);
  for (;;) {
    runJobs();
    if (outcome.settled) return take(outcome);
    if (!runTimer()) throw unsettled();
  }
}

/** The same where the engine runs the jobs: in tests. `turn` lets it run all that wait. */
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
