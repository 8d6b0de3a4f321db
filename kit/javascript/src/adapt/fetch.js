// `fetch` as functions expect it: Node's own, and that of the package `node-fetch`.

import { FetchError, fetch as kitFetch } from "../fetch.js";
import { Headers } from "../headers.js";
import { Buffer } from "../node/buffer.js";
import { Request } from "../request.js";
import { Response } from "../response.js";
import { STATUS_CODES } from "./statuses.js";

/** Like Node's `fetch`: options for connections are ignored, and a response has the text of its status. */
export async function fetch(input, { agent, dispatcher, timeout, ...init } = {}) {
  // 0 means no timeout, as in node-fetch.
  const response = await kitFetch(input, timeout > 0 ? { ...init, timeout } : init);
  return asNode(response);
}

function asNode(response) {
  response.statusText = STATUS_CODES[response.status] ?? "";
  response.buffer = async () => Buffer.from(await response.bytes());
  response.headers.raw = () => {
    const names = [...new Set(response.headers.keys())];
    return Object.fromEntries(names.map((name) => [name, valuesOf(response.headers, name)]));
  };
  return response;
}

const valuesOf = (headers, name) => (name === "set-cookie" ? headers.getSetCookie() : [headers.get(name)]);

export { FetchError, Headers, Request, Response };
export const isRedirect = (status) => [301, 302, 303, 307, 308].includes(status);
export default Object.assign((input, init) => fetch(input, init), {
  FetchError,
  Headers,
  Request,
  Response,
  default: fetch,
  fetch,
  isRedirect,
});
