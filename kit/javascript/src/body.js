// What `Request` and `Response` have in common: a body of text or bytes, which is here as a whole.

import { bodyText } from "./charset.js";
import { Upstream } from "./errors.js";
import { parseJson } from "./parse.js";

/** A body as the contract has it and the type that it gives itself, from what an author may give. */
export function bodyFrom(value) {
  if (value === undefined || value === null) return {};
  if (typeof value === "string") return text(value, "text/plain;charset=UTF-8");
  if (value instanceof URLSearchParams) {
    return text(String(value), "application/x-www-form-urlencoded;charset=UTF-8");
  }
  if (value instanceof ArrayBuffer) return bytes(new Uint8Array(value.slice(0)));
  if (ArrayBuffer.isView(value)) {
    return bytes(new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice());
  }
  throw new TypeError(
    "a body is text, URLSearchParams, an ArrayBuffer or a typed array; for JSON, give JSON.stringify(value)",
  );
}

const text = (val, type) => ({ body: { tag: "text", val: val.toWellFormed() }, type });
const bytes = (val) => ({ body: { tag: "bytes", val } });

let reader = parseJson;

/** From now on, bodies are read by `JSON.parse`, as browsers and Node do: for functions that were written for those. */
export function readNumbersAsNode() {
  reader = (text) => JSON.parse(text);
}

export class Body {
  #body;
  #used = false;

  constructor(body) {
    this.#body = body;
  }

  get bodyUsed() {
    return this.#used;
  }

  /** The body as the contract has it, which leaves it unread. */
  static of(message) {
    if (message.#used) throw new TypeError("the body was read already; read a clone() to have it twice");
    return message.#body;
  }

  /** Gives `message` another body. */
  static replace(message, body) {
    message.#body = body;
    return message;
  }

  #take() {
    const body = Body.of(this);
    this.#used = body !== undefined;
    return body ?? { tag: "text", val: "" };
  }

  #takeText() {
    return bodyText(this.#take(), this.headers?.get("content-type"), (what) => {
      throw new NotText(what);
    });
  }

  /** What a message quotes of a body, of which nothing may be readable. */
  static quoted(message) {
    const body = Body.of(message) ?? { tag: "text", val: "" };
    return excerpt(bodyText(body, message.headers?.get("content-type"), () => new TextDecoder().decode(body.val)));
  }

  #takeBytes() {
    const { tag, val } = this.#take();
    return tag === "text" ? new TextEncoder().encode(val) : val.slice();
  }

  /** The body's text. Where no charset reads it, the error is a `TypeError` and, where nobody catches it, `upstream`. */
  async text() {
    return this.#takeText();
  }

  async bytes() {
    return this.#takeBytes();
  }

  async arrayBuffer() {
    return this.#takeBytes().buffer;
  }

  /** The body's JSON, read by `parseJson`. Where it is none, the error is a `SyntaxError` and, where nobody catches it, the contract's `upstream`. */
  async json(options) {
    const content = this.#takeText();
    try {
      return reader(content, options);
    } catch (cause) {
      throw new NotJson(content, cause);
    }
  }
}

class NotText extends TypeError {
  constructor(what) {
    const message = `the body is ${what}; bytes() has it as it came`;
    super(message);
    this.name = "TypeError";
    this.payload = new Upstream(message).payload;
  }
}

class NotJson extends SyntaxError {
  constructor(content, cause) {
    const message = `the answer is no JSON: ${cause.message}: ${excerpt(content)}`;
    super(message, { cause });
    this.name = "SyntaxError";
    this.payload = new Upstream(message).payload;
  }
}

const EXCERPT = 200;

/** The beginning of a text, on one line. */
export function excerpt(content) {
  const characters = Array.from(
    content
      .slice(0, 4 * EXCERPT)
      .split(/\s+/)
      .join(" ")
      .trim(),
  );
  return characters.length > EXCERPT ? `${characters.slice(0, EXCERPT).join("")}…` : characters.join("");
}
