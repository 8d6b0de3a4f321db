// Express's response, with which a function answers.

import { Headers } from "../headers.js";
import { Buffer, bytesOf } from "../node/buffer.js";
import { EventEmitter } from "../node/events.js";
import { partsOf } from "./page.js";
import { ownPlace } from "./problems.js";
import { STATUS_CODES } from "./statuses.js";

const TYPES = {
  html: "text/html",
  json: "application/json",
  text: "text/plain",
  txt: "text/plain",
  xml: "application/xml",
};

/** The function's response. `resolve` receives it once it is complete. */
export class FunctionResponse extends EventEmitter {
  #headers = new Map();
  #chunks = [];
  #resolve;

  constructor(request, resolve) {
    super();
    this.req = request;
    this.#resolve = resolve;
    Object.assign(this, {
      app: undefined,
      finished: false,
      headersSent: false,
      locals: {},
      sendDate: true,
      statusCode: 200,
      statusMessage: undefined,
      writableEnded: false,
      writableFinished: false,
    });
  }

  status(code) {
    this.statusCode = Number(code);
    return this;
  }

  sendStatus(code) {
    return this.status(code)
      .type("txt")
      .send(STATUS_CODES[code] ?? String(code));
  }

  set(name, value) {
    if (typeof name === "object") {
      for (const [one, its] of Object.entries(name)) this.set(one, its);
      return this;
    }
    const texts = Array.isArray(value) ? value.map(String) : String(value);
    return this.setHeader(name, String(name).toLowerCase() === "content-type" ? withCharset(String(texts)) : texts);
  }

  header(name, value) {
    return this.set(name, value);
  }

  setHeader(name, value) {
    if (this.headersSent) throw sentAlready("set");
    this.#headers.set(String(name).toLowerCase(), value);
    return this;
  }

  get(name) {
    return this.getHeader(name);
  }

  getHeader(name) {
    return this.#headers.get(String(name).toLowerCase());
  }

  getHeaders() {
    return Object.fromEntries(this.#headers);
  }

  getHeaderNames() {
    return [...this.#headers.keys()];
  }

  hasHeader(name) {
    return this.#headers.has(String(name).toLowerCase());
  }

  removeHeader(name) {
    this.#headers.delete(String(name).toLowerCase());
    return this;
  }

  append(name, value) {
    const before = this.getHeader(name);
    return this.set(name, before === undefined ? value : [before, value].flat());
  }

  type(type) {
    return this.set(
      "content-type",
      type.includes("/") ? type : (TYPES[type.replace(/^\./, "")] ?? `application/${type}`),
    );
  }

  contentType(type) {
    return this.type(type);
  }

  location(url) {
    return this.set("location", url);
  }

  redirect(...values) {
    const [status, url] = values.length > 1 ? values : [302, values[0]];
    return this.status(status).location(url).send(`${STATUS_CODES[status]}. Redirecting to ${url}`);
  }

  vary(field) {
    return this.append("vary", field);
  }

  links(links) {
    const texts = Object.entries(links).map(([relation, url]) => `<${url}>; rel="${relation}"`);
    return this.append("link", texts.join(", "));
  }

  // Cookies are ignored, since no browser would store them.
  cookie() {
    return this;
  }

  clearCookie() {
    return this;
  }

  attachment() {
    return this;
  }

  format(answers) {
    const call = answers.json ?? answers["application/json"] ?? answers.default ?? Object.values(answers)[0];
    call(this.req, this);
    return this;
  }

  writeHead(status, ...values) {
    this.statusCode = Number(status);
    const headers = values.at(-1);
    if (headers !== null && typeof headers === "object") {
      const pairs = Array.isArray(headers) ? pairsOf(headers) : Object.entries(headers);
      for (const [name, value] of pairs) this.setHeader(name, value);
    }
    this.headersSent = true;
    return this;
  }

  flushHeaders() {
    this.headersSent = true;
  }

  /** Serializes the value at once, as Express does, so that the function can catch an error. */
  json(value) {
    const parts = partsOf(value);
    const text = parts === undefined ? (JSON.stringify(value) ?? "") : undefined;
    if (!this.hasHeader("content-type")) this.set("content-type", "application/json");
    return this.#end({ text, parts });
  }

  jsonp(value) {
    return this.json(value);
  }

  send(body) {
    switch (typeof body) {
      case "string":
        if (!this.hasHeader("content-type")) this.type("html");
        return this.#end({ text: body });
      case "boolean":
      case "number":
      case "bigint":
        return this.json(body);
      case "object":
        if (body === null) return this.#end({ text: "" });
        if (!ArrayBuffer.isView(body)) return this.json(body);
        if (!this.hasHeader("content-type")) this.type("application/octet-stream");
        return this.#end({ text: Buffer.from(body).toString() });
      default:
        return this.#end({ text: "" });
    }
  }

  write(chunk, encoding, done) {
    if (this.writableEnded) throw sentAlready("write");
    this.headersSent = true;
    this.#chunks.push(bytesOf(chunk, typeof encoding === "string" ? encoding : undefined));
    const call = typeof encoding === "function" ? encoding : done;
    if (typeof call === "function") queueMicrotask(call);
    return true;
  }

  end(chunk, encoding, done) {
    if (this.writableEnded) return this;
    const call = [chunk, encoding, done].find((value) => typeof value === "function");
    if (chunk !== undefined && chunk !== null && typeof chunk !== "function") this.write(chunk, encoding);
    if (typeof call === "function") this.once("finish", call);
    return this.#finish({ text: Buffer.concat(this.#chunks).toString() });
  }

  #end(body) {
    if (this.headersSent) throw sentAlready("set");
    return this.#finish(body);
  }

  #finish({ text, parts }) {
    this.headersSent = this.finished = this.writableEnded = this.writableFinished = true;
    const pairs = [...this.#headers].map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value]);
    const { stack } = new Error();
    this.#resolve({
      status: this.statusCode,
      headers: new Headers(pairs),
      text,
      parts,
      // Where the response was sent, for the message if it is not a page.
      get place() {
        return ownPlace(stack);
      },
    });
    this.emit("finish");
    this.emit("close");
    return this;
  }
}

const withCharset = (type) =>
  /^(?:text\/[^;]*|application\/json)$/i.test(type.trim()) ? `${type.trim()}; charset=utf-8` : type;

const pairsOf = (list) => {
  if (Array.isArray(list[0])) return list;
  return list.flatMap((name, at) => (at % 2 === 0 ? [[name, list[at + 1]]] : []));
};

/** Node's error, which functions may recognize by its code. */
function sentAlready(what) {
  const error = new Error(`Cannot ${what} headers after they are sent to the client`);
  return Object.assign(error, { code: "ERR_HTTP_HEADERS_SENT" });
}
