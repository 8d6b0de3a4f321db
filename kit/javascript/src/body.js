// The part that `Request` and `Response` share: a body of text or bytes, held as a whole.

import { bodyText } from "./charset.js";
import { Upstream } from "./errors.js";
import { parseJson } from "./parse.js";

/** Converts the value that an author gives as a body to the contract's body, with its default content type. */
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
    "a body must be a text, URLSearchParams, an ArrayBuffer or a typed array; for JSON, pass JSON.stringify(value)",
  );
}

const text = (val, type) => ({ body: { tag: "text", val: val.toWellFormed() }, type });
const bytes = (val) => ({ body: { tag: "bytes", val } });

/** The getter of what a message calls a body, such as "the response to GET https://api.example.com/books". */
export const SUBJECT = Symbol("subject");

let reader = parseJson;

/** From now on, reads bodies with `JSON.parse`, as browsers and Node do, for functions written for those platforms. */
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

  /** The contract's body of a message. It stays unread. */
  static of(message) {
    if (message.#used) throw new TypeError("the body has already been read; to read it twice, call clone() first");
    return message.#body;
  }

  /** Replaces the body of `message`. */
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
      throw new NotText(this[SUBJECT], what);
    });
  }

  get [SUBJECT]() {
    return "the body";
  }

  /** The beginning of a body for a message, even if the body can't be decoded. */
  static quoted(message) {
    const body = Body.of(message) ?? { tag: "text", val: "" };
    return excerpt(bodyText(body, message.headers?.get("content-type"), () => new TextDecoder().decode(body.val)));
  }

  #takeBytes() {
    const { tag, val } = this.#take();
    return tag === "text" ? new TextEncoder().encode(val) : val.slice();
  }

  /**
   * The body's text. If it can't be decoded, throws a `TypeError`, which becomes the contract's `upstream` if uncaught.
   */
  async text() {
    return this.#takeText();
  }

  async bytes() {
    return this.#takeBytes();
  }

  async arrayBuffer() {
    return this.#takeBytes().buffer;
  }

  /**
   * The body's JSON, parsed by `parseJson`. If it is invalid, throws a `SyntaxError`, which becomes the contract's
   * `upstream` if uncaught.
   */
  async json(options) {
    const content = this.#takeText();
    try {
      return reader(content, options);
    } catch (cause) {
      throw new NotJson(this[SUBJECT], content, cause);
    }
  }
}

class NotText extends TypeError {
  constructor(subject, what) {
    const message = `${subject} is ${what}; bytes() returns it unchanged`;
    super(message);
    this.name = "TypeError";
    this.payload = new Upstream(message).payload;
  }
}

class NotJson extends SyntaxError {
  constructor(subject, content, cause) {
    const message = `${subject} ${notJson(excerpt(content), cause)}`;
    super(message, { cause });
    this.name = "SyntaxError";
    this.payload = new Upstream(message).payload;
  }
}

// A tag that the beginning of an HTML page has, and XML usually doesn't.
const HTML = /<(!doctype html|html|head|title|body|h[1-6]|p|div|center)\b/i;

/** What a body is that is not JSON. That says more than the parser's reason. */
function notJson(words, cause) {
  if (words === "") return "is not valid JSON: its body is empty";
  if (words.startsWith("<")) return `is ${HTML.test(words) ? "HTML" : "XML"}, not JSON: ${words}`;
  return `is not valid JSON: ${cause.message}: ${words}`;
}

const EXCERPT = 200;

/** The beginning of a text, in one line. */
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
