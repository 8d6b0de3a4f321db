// `Request`: the members of browsers and Node that are useful in a connector, and the contract's own options.

import { Body, bodyFrom } from "./body.js";
import { milliseconds } from "./errors.js";
import { Headers } from "./headers.js";

const METHOD = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const USUAL = new Set(["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"]);

// Options that would change the connection, with what replaces them.
const ELSEWHERE = {
  dispatcher: "the host makes the connections",
  agent: "the host makes the connections",
};

function checkedMethod(method) {
  const text = String(method);
  if (!METHOD.test(text)) throw new TypeError(`${JSON.stringify(text)} is not a valid HTTP method`);
  const upper = text.toUpperCase();
  return USUAL.has(upper) ? upper : text;
}

export class Request extends Body {
  constructor(input, init = {}) {
    const from = input instanceof Request ? input : undefined;
    for (const [option, instead] of Object.entries(ELSEWHERE)) {
      if (init[option] !== undefined && init[option] !== null) {
        throw new TypeError(`fetch has no option ${option} in a connector: ${instead}`);
      }
    }
    const method = checkedMethod(init.method ?? from?.method ?? "GET");
    const hasNewBody = init.body !== undefined && init.body !== null;
    const { body, type } = hasNewBody || !from ? bodyFrom(init.body) : { body: Body.of(from) };
    if (body !== undefined && (method === "GET" || method === "HEAD")) {
      throw new TypeError(`a ${method} request can't have a body`);
    }
    super(body);
    this.method = method;
    this.url = from ? from.url : String(input);
    this.headers = new Headers(init.headers ?? from?.headers);
    if (type !== undefined && !this.headers.has("content-type")) this.headers.set("content-type", type);
    const timeout = init.timeout ?? from?.timeout;
    this.timeout = timeout === undefined ? undefined : milliseconds(timeout, "the timeout of fetch");
    this.idempotent = init.idempotent ?? from?.idempotent;
    this.credential = init.credential ?? from?.credential;
    this.signal = init.signal ?? from?.signal ?? undefined;
  }

  clone() {
    return new Request(this);
  }

  get [Symbol.toStringTag]() {
    return "Request";
  }
}
