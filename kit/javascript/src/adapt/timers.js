// Timers as in Node: objects that functions keep, cancel and `unref`.

import { clearTimer, setInterval as startInterval, setTimeout as startTimeout } from "../loop.js";
import { explained } from "./problems.js";

// The symbol under which `util.promisify` finds a function's promise form.
const PROMISIFIED = Symbol.for("nodejs.util.promisify.custom");

class Timeout {
  #id;
  #start;

  constructor(start) {
    this.#start = start;
    this.#id = start();
  }

  // Has no effect, since a call has no other work that would let it end earlier.
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

// An error thrown by a timer ends the call without passing a handler, so it is explained here.
const explaining =
  (call) =>
  (...values) => {
    try {
      return call(...values);
    } catch (error) {
      throw explained(error);
    }
  };
const setTimeout = (call, delay, ...values) => new Timeout(() => startTimeout(explaining(call), delay, ...values));
const setInterval = (call, delay, ...values) => new Timeout(() => startInterval(explaining(call), delay, ...values));
const clear = (timer) => (timer instanceof Timeout ? void timer.close() : clearTimer(timer));

Object.defineProperty(setTimeout, PROMISIFIED, {
  value: (delay, result) => new Promise((done) => startTimeout(() => done(result), delay)),
});

/** Replaces the kit's timers with these for the current call. */
export function installTimers() {
  Object.assign(globalThis, { setTimeout, setInterval, clearTimeout: clear, clearInterval: clear });
}
