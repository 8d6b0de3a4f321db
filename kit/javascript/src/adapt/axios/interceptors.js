// The handlers that a function adds around its requests and responses.

export class Interceptors {
  #all = [];

  /** Adds an interceptor, and returns the id that `eject` expects. */
  use(fulfilled, rejected, { runWhen } = {}) {
    return this.#all.push({ fulfilled, rejected, runWhen }) - 1;
  }

  eject(id) {
    this.#all[id] = undefined;
  }

  clear() {
    this.#all = [];
  }

  forEach(call) {
    this.#all.filter(Boolean).forEach((one) => call(one));
  }

  /** The interceptors for this request, in the order in which they were added. */
  handlers(config) {
    return this.#all.filter((one) => one && (typeof one.runWhen !== "function" || one.runWhen(config) !== false));
  }
}
