// `Response`, as in browsers and Node, except that its body is not a stream.

import { Body, SUBJECT, bodyFrom } from "./body.js";
import { InvalidState, RateLimited, Unauthorized, Upstream } from "./errors.js";
import { Headers } from "./headers.js";
import { write } from "./json.js";
import { readLinks } from "./links.js";
import { rateLimit } from "./refusal.js";
import { shown } from "./shown.js";

export class Response extends Body {
  #url = "";
  // Of the request; undefined for a response that an author has made.
  #method;
  #redirected = false;

  constructor(content, { status = 200, statusText = "", headers } = {}) {
    const { body, type } = bodyFrom(content);
    super(body);
    if (!Number.isInteger(status) || status < 200 || status > 599) {
      throw new RangeError(`${status} is not a valid status: it must be an integer from 200 to 599`);
    }
    this.status = status;
    this.statusText = String(statusText);
    this.headers = new Headers(headers);
    if (type !== undefined && !this.headers.has("content-type")) this.headers.set("content-type", type);
  }

  get ok() {
    return this.status >= 200 && this.status <= 299;
  }

  get type() {
    return "default";
  }

  /** Where the response came from: the request's URL, or the last one redirected to. */
  get url() {
    return this.#url;
  }

  get redirected() {
    return this.#redirected;
  }

  /**
   * The header `Link` by relation. `links.next?.url` is absolute; `links.next?.results` is one of the link's
   * attributes.
   */
  get links() {
    return readLinks(this.headers.get("link") ?? "", this.#url);
  }

  clone() {
    return Response.#made(this.status, this.headers, Body.of(this), this.#url, this.#redirected, this.#method);
  }

  static json(value, { headers, ...init } = {}) {
    const response = new Response(write(value, "the body"), { ...init, headers });
    if (!new Headers(headers).has("content-type")) response.headers.set("content-type", "application/json");
    return response;
  }

  /** The host's response to a request with this `method` for the URL `asked`. */
  static fromHost({ status, headers, body, url }, asked, method) {
    // URLs are compared as browsers see them: without the fragment, and with a path.
    const plain = (text) => text.replace(/#.*$/, "").replace(/^(\w+:\/\/[^/?]*)(?=\?|$)/, "$1/");
    return Response.#made(status, headers, body, url, plain(url) !== plain(asked), method);
  }

  /** The request that it answers, as a message shows it. */
  static requestOf(response) {
    return response.#method === undefined ? "the API" : shown(response.#method, response.#url);
  }

  get [SUBJECT]() {
    return this.#method === undefined ? "the response" : `the response to ${shown(this.#method, this.#url)}`;
  }

  static #made(status, headers, body, url, redirected, method) {
    const response = new Response(null);
    // Not set by the constructor, which refuses statuses that an author must not use, such as 1xx.
    response.status = status;
    response.headers = new Headers(headers);
    response.#url = url;
    response.#redirected = redirected;
    response.#method = method;
    return Body.replace(response, body);
  }

  get [Symbol.toStringTag]() {
    return "Response";
  }
}

/**
 * Returns the response if the API accepted the request; otherwise throws the error that its status means. `cursor` says
 * that the request contained a cursor from the API. If the API refuses the cursor, the sync starts from the beginning.
 */
export async function expectOk(pending, { cursor = false } = {}) {
  const response = await pending;
  if (response.ok) return response;
  const { status } = response;
  const limit = rateLimit(status, response.headers, Date.now());
  if (limit) throw new RateLimited(limit.wait);
  const quoted = Body.quoted(response);
  const message = `${Response.requestOf(response)} answered ${status}${quoted && `: ${quoted}`}`;
  if (status === 401 || status === 403) throw new Unauthorized(message);
  if (cursor && [400, 404, 410].includes(status)) throw new InvalidState(message);
  throw new Upstream(message);
}
