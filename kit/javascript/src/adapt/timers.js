// Timers as Node has them: objects, which functions keep, cancel and `unref`.

import { clearTimer, setInterval as startInterval, setTimeout as startTimeout } from "../loop.js";
import { explained } from "./problems.js";

// Under which `util.promisify` finds another form of a function.
const PROMISIFIED = Symbol.for("nodejs.util.promisify.custom");

class Timeout {
  #id;
  #start;

  constructor(start) {
    this.#start = start;
    this.#id = start();
  }

  // A call has no other work that would let it end earlier.
  ref() {
    return this;
  }

  unref() {
    return this;
  }

  hasRef() {
    return true;
  }

  refresh() {
    this.close();
    this.#id = this.#start();
    return this;
  }

  close() {
    clearTimer(this.#id);
    return this;
  }

  [Symbol.toPrimitive]() {
    return this.#id;
  }
}

// What a timer throws ends the call, and no handler sees it.
const telling =
  (call) =>
  (...values) => {
    try {
      return call(...values);
    } catch (error) {
      throw explained(error);
    }
  };
const setTimeout = (call, delay, ...values) => new Timeout(() => startTimeout(telling(call), delay, ...values));
const setInterval = (call, delay, ...values) => new Timeout(() => startInterval(telling(call), delay, ...values));
const clear = (timer) => (timer instanceof Timeout ? void timer.close() : clearTimer(timer));

Object.defineProperty(setTimeout, PROMISIFIED, {
  value: (delay, result) => new Promise((done) => startTimeout(() => done(result), delay)),
});

/** Puts them in place of the kit's, for the call under way. */
export function installTimers() {
  Object.assign(globalThis, { setTimeout, setInterval, clearTimeout: clear, clearInterval: clear });
}
