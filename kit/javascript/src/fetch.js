// `fetch` over the host's `http-fetch`. The host answers before `fetch` returns, so its promise is settled at once.

import { httpFetch } from "#host";
import { Body } from "./body.js";
import { MOST_MILLISECONDS } from "./errors.js";
import { Request } from "./request.js";
import { countRequest, noteAnswer } from "./requests-sent.js";
import { Response } from "./response.js";
import { passTime, untilTimer } from "./loop.js";
import { requireRunning } from "./running.js";

/** Why a request has no response. Where nobody catches it, it is the contract's error that `payload` says. */
export class FetchError extends TypeError {
  constructor({ tag, val }, method, url) {
    super(`${method} ${withoutQuery(url)}: ${MESSAGES[tag](val)}`);
    this.name = "FetchError";
    this.kind = tag;
    this.payload = payloadOf(tag, val, this.message);
  }
}

const asGiven = (message) => message;

const MESSAGES = {
  denied: asGiven,
  invalid: asGiven,
  credentials: asGiven,
  timeout: () => "the API did not answer in time",
  "too-large": () => "the API's answer is larger than the limit response-size",
  "over-limit": asGiven,
  unavailable: () => "the API is out of service or its quota is spent",
  failed: asGiven,
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

// A query often holds a token, which has no place in an error.
export const withoutQuery = (url) => url.replace(/[?#].*$/s, "");

/**
 * The milliseconds until a signal is aborted: by its own time, or by the next timer, which may be there for that. No timer
 * runs while the host waits for an answer.
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
  return Response.fromHost(answer, asked);
}

/** As in browsers and Node; see `Request` for the options. Any status is a response. */
export async function fetch(input, init) {
  return send(new Request(input, init));
}
