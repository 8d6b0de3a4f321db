// Node's `http` and `https`, for functions that send requests without a package.

import { fetch } from "../fetch.js";
import { Buffer, bytesOf } from "../node/buffer.js";
import { EventEmitter } from "../node/events.js";
import { STATUS_CODES } from "./statuses.js";

class IncomingMessage extends EventEmitter {
  #body;
  #encoding;
  #flows = false;

  constructor(response, body) {
    super();
    this.#body = body;
    Object.assign(this, {
      complete: false,
      headers: {},
      httpVersion: "1.1",
      rawHeaders: [],
      statusCode: response.status,
      statusMessage: STATUS_CODES[response.status] ?? "",
      url: "",
    });
    for (const [name, value] of response.headers) {
      this.rawHeaders.push(name, value);
      this.headers[name] = name === "set-cookie" ? response.headers.getSetCookie() : value;
    }
  }

  setEncoding(encoding) {
    this.#encoding = encoding;
    return this;
  }

  // As in Node, the body is delivered once there is a listener.
  on(event, call) {
    super.on(event, call);
    if (event === "data" || event === "readable") this.resume();
    return this;
  }

  resume() {
    if (this.#flows) return this;
    this.#flows = true;
    queueMicrotask(() => {
      if (this.#body.length > 0) this.emit("data", this.#chunk());
      this.complete = true;
      this.emit("end");
      this.emit("close");
    });
    return this;
  }

  destroy() {
    return this;
  }

  #chunk() {
    const bytes = Buffer.from(this.#body);
    return this.#encoding === undefined ? bytes : bytes.toString(this.#encoding);
  }

  async *[Symbol.asyncIterator]() {
    if (this.#body.length > 0) yield this.#chunk();
    this.complete = true;
  }
}

class ClientRequest extends EventEmitter {
  #options;
  #chunks = [];
  #ended = false;

  constructor(options, call) {
    super();
    this.#options = options;
    this.method = options.method;
    this.headers = { ...options.headers };
    if (typeof call === "function") this.once("response", call);
  }

  setHeader(name, value) {
    this.headers[name] = value;
    return this;
  }

  getHeader(name) {
    const key = Object.keys(this.headers).find((one) => one.toLowerCase() === name.toLowerCase());
    return this.headers[key];
  }

  setTimeout(timeout, call) {
    this.#options.timeout = timeout;
    if (typeof call === "function") this.once("timeout", call);
    return this;
  }

  setNoDelay() {
    return this;
  }

  write(chunk, encoding) {
    this.#chunks.push(bytesOf(chunk, typeof encoding === "string" ? encoding : undefined));
    return true;
  }

  destroy(error) {
    this.#ended = true;
    this.destroyed = true;
    if (error) queueMicrotask(() => this.emit("error", error));
    return this;
  }

  abort() {
    return this.destroy();
  }

  end(chunk, encoding) {
    if (this.#ended) return this;
    this.#ended = true;
    if (chunk !== undefined && chunk !== null && typeof chunk !== "function") this.write(chunk, encoding);
    queueMicrotask(() => this.#send());
    return this;
  }

  async #send() {
    const { url, timeout } = this.#options;
    const body = Buffer.concat(this.#chunks);
    let message;
    try {
      const response = await fetch(url, {
        method: this.method,
        headers: sentHeaders(this.headers),
        body: body.length > 0 ? body : undefined,
        timeout: timeout > 0 ? timeout : undefined,
      });
      message = new IncomingMessage(response, await response.bytes());
    } catch (error) {
      if (error.kind === "timeout") this.emit("timeout");
      if (!this.destroyed || error.kind !== "timeout")
        this.emit("error", Object.assign(error, { code: codeOf(error) }));
      return;
    }
    this.emit("response", message);
    this.emit("close");
  }
}

const codeOf = (error) => (error.kind === "timeout" ? "ETIMEDOUT" : "ECONNREFUSED");

// The host sets these headers itself.
const FRAMING = new Set(["connection", "content-length", "host", "transfer-encoding"]);

const sentHeaders = (headers) =>
  Object.entries(headers)
    .filter(([name, value]) => !FRAMING.has(name.toLowerCase()) && value !== undefined)
    .flatMap(([name, value]) => [value].flat().map((one) => [name, String(one)]));

function optionsOf(scheme, first, second) {
  const isUrl = typeof first === "string" || first instanceof URL;
  const options = { ...(isUrl ? second : first) };
  let url = isUrl ? String(first) : undefined;
  if (url === undefined) {
    const protocol = options.protocol ?? `${scheme}:`;
    const host = options.hostname ?? options.host ?? "localhost";
    const port = options.port ? `:${options.port}` : "";
    url = `${protocol}//${host}${host.includes(":") && !host.startsWith("[") ? "" : port}${options.path ?? "/"}`;
  }
  const headers = { ...options.headers };
  if (options.auth) headers.Authorization = `Basic ${Buffer.from(options.auth).toString("base64")}`;
  return { method: (options.method ?? "GET").toUpperCase(), url, headers, timeout: options.timeout };
}

/** The module for this scheme: "http" or "https". */
export function client(scheme) {
  const request = (first, ...more) => {
    const call = more.find((value) => typeof value === "function");
    const second = typeof more[0] === "object" ? more[0] : undefined;
    return new ClientRequest(optionsOf(scheme, first, second), call);
  };
  class Agent {
    destroy() {}
  }
  const createServer = () => {
    throw new Error("a connector can't listen for requests: Weld's requests are passed to the function");
  };
  const get = (...values) => request(...values).end();
  return { Agent, ClientRequest, IncomingMessage, STATUS_CODES, createServer, get, globalAgent: new Agent(), request };
}
