// Promises that the kit itself runs. The host calls a function of a component and uses what it returns at once, so the
// engine's own promises would never continue. The build therefore turns `async` functions into generators on top of the
// global `Promise`, which is this class, and `loop.js` runs its jobs until the page is complete.

const PENDING = 0;
const FULFILLED = 1;
const REJECTED = 2;

let jobs = [];
let unhandled = new Map();

/** Adds a function to the end of the job queue. */
export function queueJob(job) {
  jobs.push(job);
}

/** Runs all jobs, including those that they add. An error thrown by a job is passed on. */
export function runJobs() {
  // By index, since removing the first element of a long queue takes time for each of its jobs.
  let next = 0;
  try {
    while (next < jobs.length) {
      if (next === 1024) {
        jobs = jobs.slice(next);
        next = 0;
      }
      jobs[next++]();
    }
  } finally {
    jobs = jobs.slice(next);
  }
}

/** Returns the reasons of rejected promises without a handler, and forgets them. */
export function takeUnhandled() {
  const reasons = [...unhandled.values()];
  unhandled = new Map();
  return reasons;
}

function requireCallable(value, what) {
  if (typeof value !== "function") {
    throw new TypeError(`${what} is not a function`);
  }
}

// A promise of any class, and the functions that settle it (ECMAScript's NewPromiseCapability).
function capability(Type) {
  let resolve, reject;
  const promise = new Type((...functions) => {
    if (resolve !== undefined || reject !== undefined) throw new TypeError("the executor was called twice");
    [resolve, reject] = functions;
  });
  requireCallable(resolve, "the `resolve` of a promise");
  requireCallable(reject, "the `reject` of a promise");
  return { promise, resolve, reject };
}

/** ECMAScript's `Promise`. */
export class Promise {
  #state = PENDING;
  #value;
  #reactions = [];
  #looked = false;

  constructor(executor) {
    requireCallable(executor, "the executor of a promise");
    const { resolve, reject } = this.#resolvers();
    try {
      executor(resolve, reject);
    } catch (error) {
      reject(error);
    }
  }

  get [Symbol.toStringTag]() {
    return "Promise";
  }

  static get [Symbol.species]() {
    return this;
  }

  // A pair of functions. Only the first call of either of them has an effect.
  #resolvers() {
    let called = false;
    const once = (settle) => (value) => {
      if (!called) {
        called = true;
        settle(value);
      }
    };
    return {
      resolve: once((value) => this.#resolve(value)),
      reject: once((reason) => this.#settle(REJECTED, reason)),
    };
  }

  #resolve(value) {
    if (value === this) {
      this.#settle(REJECTED, new TypeError("a promise can't wait for itself"));
      return;
    }
    if (value === null || (typeof value !== "object" && typeof value !== "function")) {
      this.#settle(FULFILLED, value);
      return;
    }
    let then;
    try {
      then = value.then;
    } catch (error) {
      this.#settle(REJECTED, error);
      return;
    }
    if (typeof then !== "function") {
      this.#settle(FULFILLED, value);
      return;
    }
    queueJob(() => {
      const { resolve, reject } = this.#resolvers();
      try {
        then.call(value, resolve, reject);
      } catch (error) {
        reject(error);
      }
    });
  }

  #settle(state, value) {
    this.#state = state;
    this.#value = value;
    if (state === REJECTED && !this.#looked) {
      unhandled.set(this, value);
    }
    const reactions = this.#reactions;
    this.#reactions = undefined;
    for (const reaction of reactions) {
      queueJob(() => reaction(state, value));
    }
  }

  then(onFulfilled, onRejected) {
    this.#looked = true;
    unhandled.delete(this);
    const { promise, resolve, reject } = capability(this.constructor?.[Symbol.species] ?? Promise);
    const reaction = (state, value) => {
      const handler = state === FULFILLED ? onFulfilled : onRejected;
      if (typeof handler !== "function") {
        (state === FULFILLED ? resolve : reject)(value);
        return;
      }
      try {
        resolve(handler(value));
      } catch (error) {
        reject(error);
      }
    };
    if (this.#state === PENDING) {
      this.#reactions.push(reaction);
    } else {
      queueJob(() => reaction(this.#state, this.#value));
    }
    return promise;
  }

  catch(onRejected) {
    return this.then(undefined, onRejected);
  }

  finally(onFinally) {
    if (typeof onFinally !== "function") {
      return this.then(onFinally, onFinally);
    }
    const Type = this.constructor ?? Promise;
    return this.then(
      (value) => Type.resolve(onFinally()).then(() => value),
      (reason) =>
        Type.resolve(onFinally()).then(() => {
          throw reason;
        }),
    );
  }

  static resolve(value) {
    if (value instanceof Promise && value.constructor === this) return value;
    const { promise, resolve } = capability(this);
    resolve(value);
    return promise;
  }

  static reject(reason) {
    const { promise, reject } = capability(this);
    reject(reason);
    return promise;
  }

  static withResolvers() {
    return capability(this);
  }

  static try(call, ...values) {
    const { promise, resolve, reject } = capability(this);
    try {
      resolve(call(...values));
    } catch (error) {
      reject(error);
    }
    return promise;
  }

  static all(items) {
    return gather(this, items, ({ reject, done }) => [done, reject]);
  }

  static allSettled(items) {
    return gather(this, items, ({ done }) => [
      (value) => done({ status: "fulfilled", value }),
      (reason) => done({ status: "rejected", reason }),
    ]);
  }

  static any(items) {
    const none = (reasons, { reject }) => reject(new AggregateError(reasons, "all promises were rejected"));
    return gather(this, items, ({ resolve, done }) => [resolve, done], none);
  }

  static race(items) {
    return gather(this, items, ({ resolve, reject }) => [resolve, reject], () => {});
  }
}

const resolveAll = (results, { resolve }) => resolve(results);

// Waits for each of `items` with the two handlers that `handlers` makes for it. `done` stores the result of one item.
// Once all items have a result, `finish` settles the whole.
function gather(Type, items, handlers, finish = resolveAll) {
  const whole = capability(Type);
  const results = [];
  // Counts the items still waited for, plus one until all items have been seen.
  let left = 1;
  const finishOne = () => {
    left -= 1;
    if (left === 0) finish(results, whole);
  };
  try {
    const resolveItem = Type.resolve;
    requireCallable(resolveItem, "`resolve` of the promise's class");
    for (const item of items) {
      const place = results.push(undefined) - 1;
      let called = false;
      const done = (result) => {
        if (called) return;
        called = true;
        results[place] = result;
        finishOne();
      };
      left += 1;
      resolveItem.call(Type, item).then(...handlers({ ...whole, done }));
    }
    finishOne();
  } catch (error) {
    whole.reject(error);
  }
  return whole.promise;
}
