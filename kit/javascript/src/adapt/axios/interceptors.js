// What a function has put around its requests and their responses.

export class Interceptors {
  #all = [];

  /** Adds one, and answers what `eject` takes. */
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

  /** Those that are for this request, in the order in which they were added. */
  handlers(config) {
    return this.#all.filter((one) => one && (typeof one.runWhen !== "function" || one.runWhen(config) !== false));
  }
}
