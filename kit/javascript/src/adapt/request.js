// Express's request, as a function receives it after functions-framework has parsed the body.

import { Buffer } from "../node/buffer.js";
import { EventEmitter } from "../node/events.js";

/** A request from Weld. */
export class FunctionRequest extends EventEmitter {
  constructor({ method, path, query, body, headers }) {
    super();
    this.method = method;
    const search = String(new URLSearchParams(query));
    this.url = this.originalUrl = search === "" ? path : `${path}?${search}`;
    this.baseUrl = "";
    this.path = path;
    this.query = { ...query };
    this.params = { 0: path.slice(1) };
    this.headers = headers;
    this.rawHeaders = Object.entries(headers).flat();
    this.body = body === undefined ? {} : JSON.parse(body);
    if (body !== undefined) this.rawBody = Buffer.from(body);
    Object.assign(this, {
      complete: true,
      fresh: false,
      hostname: "localhost",
      httpVersion: "1.1",
      ip: "127.0.0.1",
      ips: [],
      protocol: "https",
      secure: true,
      socket: { remoteAddress: "127.0.0.1", encrypted: true },
      stale: true,
      subdomains: [],
      xhr: false,
    });
    this.connection = this.socket;
  }

  /** The value of a header, whose name may be in any case. */
  get(name) {
    const lower = String(name).toLowerCase();
    return this.headers[lower === "referrer" ? "referer" : lower];
  }

  header(name) {
    return this.get(name);
  }

  /** The first of these types that matches the body's, or false; null if there is no body. */
  is(...types) {
    const type = this.get("content-type")?.split(";")[0].trim();
    if (this.rawBody === undefined) return null;
    if (type === undefined) return false;
    const wanted = types.flat();
    if (wanted.length === 0) return type;
    const matches = (one) =>
      one === type || type.endsWith(`/${one}`) || one === "*/*" || one === `${type.split("/")[0]}/*`;
    const found = wanted.find(matches);
    return found === undefined ? false : found.includes("*") ? type : found;
  }

  /** Weld accepts any type. */
  accepts(...types) {
    const wanted = types.flat();
    return wanted.length === 0 ? ["*/*"] : wanted[0];
  }

  setEncoding() {
    return this;
  }
}
