// `fetch` on top of the host's `http-fetch`. The host answers before `fetch` returns, so the promise is settled at
// once.

import { httpFetch } from "#host";
import { Body } from "./body.js";
import { MOST_MILLISECONDS } from "./errors.js";
import { Request } from "./request.js";
import { countRequest, noteAnswer } from "./requests-sent.js";
import { Response } from "./response.js";
import { passTime, untilTimer } from "./loop.js";
import { requireRunning } from "./running.js";
import { shown } from "./shown.js";

/** The error of a request without a response. If uncaught, it becomes the contract's error in `payload`. */
export class FetchError extends TypeError {
  constructor({ tag, val }, method, url) {
    super(`${shown(method, url)}: ${MESSAGES[tag](val)}`);
    this.name = "FetchError";
    this.kind = tag;
    this.payload = payloadOf(tag, val, this.message);
  }
}

const unchanged = (message) => message;

const MESSAGES = {
  denied: unchanged,
  invalid: unchanged,
  credentials: unchanged,
  timeout: () => "the API did not answer in time",
  "too-large": () => "the API's response is too large",
  "over-limit": unchanged,
  unavailable: () => "the API is out of service or its quota is used up",
  failed: unchanged,
};

function payloadOf(tag, val, message) {
  switch (tag) {
    case "denied":
    case "invalid":
      return { tag: "misconfigured", val: message };
    case "credentials":
      return { tag: "unauthorized", val: message };
    case "over-limit":
      return { tag: "other", val: message };
    case "unavailable":
      return { tag: "rate-limited", val };
    default:
      return { tag: "upstream", val: message };
  }
}

/**
 * The milliseconds until a signal aborts, by its own timeout or by the next timer, which may exist for this purpose. No
 * timer runs while the host waits for a response.
 */
function untilAborted(signal) {
  if (signal === undefined) return Infinity;
  signal.throwIfAborted();
  return Math.max(Math.min(signal.left ?? Infinity, untilTimer()), 1);
}

function send(request) {
  requireRunning("fetch");
  const { method, url, headers, idempotent, credential, signal } = request;
  const asked = url.toWellFormed();
  const bound = Math.ceil(untilAborted(signal));
  const timeout = bound < (request.timeout ?? MOST_MILLISECONDS) ? bound : request.timeout;
  let answer;
  countRequest();
  try {
    answer = httpFetch({
      method,
      url: asked,
      headers: [...headers],
      body: Body.of(request),
      timeout,
      idempotent,
      credential,
    });
  } catch (error) {
    if (MESSAGES[error?.payload?.tag] === undefined) throw error;
    if (error.payload.tag === "timeout" && timeout === bound) {
      passTime(bound);
      signal.throwIfAborted();
    }
    throw new FetchError(error.payload, method, asked);
  }
  noteAnswer(method, asked, answer.status);
  return Response.fromHost(answer, asked, method);
}

/** Like `fetch` in browsers and Node; see `Request` for the options. A response may have any status. */
export async function fetch(input, init) {
  return send(new Request(input, init));
}
