// A fake host for tests: it answers requests with a function, records what the connector does, and lets no time pass.

import { Body } from "./body.js";
import { callsFor } from "./connector.js";
import { isInUse } from "./host/fake.js";
import { callOn, thrown } from "./host/native-call.js";
import { write } from "./json.js";
import { parseJson } from "./parse.js";
import { Response } from "./response.js";

/** The contract's error of a failed call, as Weld's host receives it. */
export class CallError extends Error {
  constructor(error, cause) {
    super(error.val === undefined ? error.tag : `${error.tag}: ${error.val}`, { cause });
    this.name = "CallError";
    this.tag = error.tag;
    this.val = error.val;
  }
}

export class FakeHost {
  #env;
  #answer;
  #left;
  requests = [];
  logs = [];
  sleeps = [];

  constructor({ env = {}, fetch, timeLeft = Infinity } = {}) {
    this.#env = env;
    this.#answer = fetch;
    this.#left = timeLeft;
  }

  environment() {
    return Object.entries(this.#env);
  }

  log(level, message) {
    this.logs.push({ level, message });
  }

  sleep(duration) {
    if (duration > this.#left) throw thrown({ left: this.#left });
    this.#left -= duration;
    this.sleeps.push(duration);
  }

  httpFetch(request) {
    const { body, headers } = request;
    const noted = { ...request, headers: Object.fromEntries(headers), body: body?.val };
    this.requests.push(noted);
    if (this.#answer === undefined) {
      throw thrown({ tag: "denied", val: "this fake host has no `fetch`: pass one to fakeHost to answer requests" });
    }
    const answer = this.#answer(noted);
    if (!(answer instanceof Response)) {
      throw new TypeError("the `fetch` of a fake host must return a Response of weld-connector, not a promise");
    }
    return {
      status: answer.status,
      headers: [...answer.headers],
      body: Body.of(answer.clone()) ?? { tag: "text", val: "" },
      url: answer.url || request.url,
    };
  }

  /** The tables, in the form of the contract. */
  schema(source) {
    return this.#call(source, (calls) => calls.schema());
  }

  /** A page in the form of the contract, but with its rows and state parsed. */
  async fetchPage(source, table, state = {}) {
    const page = await this.#call(source, (calls) => calls.fetchPage(table, write(state, "the state")));
    return { ...page, insert: parseJson(page.insert), state: parseJson(page.state) };
  }

  /** All rows of a table, page by page, up to `most` pages. */
  async fetchAll(source, table, { state = {}, most = 1000 } = {}) {
    const rows = [];
    for (let pages = 0; pages < most; pages++) {
      const page = await this.fetchPage(source, table, state);
      rows.push(...page.insert);
      if (!page.hasMore) return rows;
      state = page.state;
    }
    throw new Error(`the table ${table} has more than ${most} pages`);
  }

  async #call(source, choose) {
    const calls = callsFor(source);
    if (calls === undefined) throw new TypeError("the value is not a `source` made by connector or defineConnector");
    if (isInUse()) {
      throw new Error("another call is still running: await it first, and don't run the tests of a file concurrently");
    }
    return callOn(this, choose(calls), (error, cause) => {
      throw new CallError(error, cause);
    });
  }
}

/** Creates a fake host for tests. */
export const fakeHost = (options) => new FakeHost(options);

/** An error to throw from the `fetch` of a fake host. */
export const httpError = (tag, val) => thrown({ tag, val });

export { Response };
