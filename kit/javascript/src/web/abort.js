// `AbortController` and `AbortSignal`. A request has its response before `fetch` returns, so only time can abort it:
// that of `AbortSignal.timeout`, or of a timer.

class AbortError extends Error {
  constructor(message = "This operation was aborted", name = "AbortError") {
    super(message);
    this.name = name;
  }
}

export class AbortSignal {
  #listeners = new Set();
  #reason;
  #due = Infinity;
  onabort = null;

  /** A signal, and the function that aborts it. */
  static make() {
    const signal = new AbortSignal();
    return { signal, abort: (reason = new AbortError()) => signal.#abort(reason) };
  }

  static abort(reason = new AbortError()) {
    const signal = new AbortSignal();
    signal.#abort(reason);
    return signal;
  }

  static timeout(duration) {
    const signal = new AbortSignal();
    signal.#due = Date.now() + duration;
    return signal;
  }

  static any(signals) {
    const made = new AbortSignal();
    for (const signal of signals) {
      if (signal.aborted) made.#abort(signal.reason);
      made.#due = Math.min(made.#due, signal.#due);
      signal.addEventListener("abort", () => made.#abort(signal.reason));
    }
    return made;
  }

  get aborted() {
    return this.reason !== undefined;
  }

  get reason() {
    if (Date.now() >= this.#due) this.#reason ??= AbortSignal.timedOut();
    return this.#reason;
  }

  /** The milliseconds until the signal's own timeout; Infinity if it has none. */
  get left() {
    return Math.max(this.#due - Date.now(), 0);
  }

  static timedOut() {
    return new AbortError("The operation was aborted due to timeout", "TimeoutError");
  }

  #abort(reason) {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    const event = { type: "abort", target: this };
    this.onabort?.(event);
    for (const call of this.#listeners) call(event);
    this.#listeners.clear();
  }

  throwIfAborted() {
    if (this.aborted) throw this.reason;
  }

  addEventListener(type, call) {
    if (type === "abort") this.#listeners.add(call);
  }

  removeEventListener(type, call) {
    if (type === "abort") this.#listeners.delete(call);
  }
}

export class AbortController {
  #made = AbortSignal.make();

  get signal() {
    return this.#made.signal;
  }

  abort(reason) {
    this.#made.abort(reason);
  }
}
