// Explains the failure of a function, or an invalid response, to the function's author.

import { excerpt } from "../body.js";
import { ConnectorError, Misconfigured, RateLimited, Unauthorized, Upstream, contractError, messageOf, trace, withSources } from "../errors.js";
import { log } from "../log.js";
import { rateLimit } from "../refusal.js";
import { lastFailure, requestsSent } from "../requests-sent.js";
import { shown } from "../shown.js";

/** The function has not answered, and no request, timer or job is left. */
export class NoAnswer extends ConnectorError {
  constructor({ file, line }) {
    super(
      `${placeOf(file, line)}: the handler ended without a response: call res.json(…) or res.send(…), or in a Lambda return a ` +
        "value or pass it to the callback",
    );
  }
}

/** `index.js:3`. */
export const placeOf = (file, line) => (line === undefined ? file : `${file}:${line}`);

// The path of the function's own files in the bundle.
const OWN = /\bfunction\/([^\s():]+):(\d+)/;

// The frames of a stack that are in the function's own files.
function ownFrames(stack) {
  const frames = typeof stack === "string" ? withSources(stack).split("\n") : [];
  return frames.filter((frame) => OWN.test(frame));
}

// The stack of an error without the constructor of its class, which the engine includes.
function stackOf(error) {
  const name = error?.constructor?.name;
  if (typeof error?.stack !== "string") return undefined;
  return error.stack
    .split("\n")
    .filter((line) => !line.trim().startsWith(`at ${name} (`))
    .join("\n");
}

/** The place of the first frame in the function's own files: `index.js:3`. */
export function ownPlace(stack) {
  const [frame] = ownFrames(stack);
  if (frame === undefined) return undefined;
  const [, file, line] = OWN.exec(frame);
  return placeOf(file, line);
}

/**
 * An error thrown by the function, with its place in the function's own files. The log contains the stack. An error
 * that stands for one of the contract's errors keeps its meaning.
 */
export function explained(error) {
  const { meant, error: payload } = contractError(error);
  const place = ownPlace(stackOf(error));
  if (meant) {
    if (place === undefined || typeof payload.val !== "string") return error;
    return new ConnectorError(`${place}: ${payload.val}`, { cause: error, tag: payload.tag });
  }
  const failure = failureNote();
  if (place === undefined) {
    log("error", trace(error));
    return new ConnectorError(messageOf(error) + failure, { cause: error });
  }
  const message = `${place}: ${messageOf(error)}${failure}`;
  const frames = ownFrames(stackOf(error)).map((frame) => frame.replace(OWN, "$1:$2").trim());
  log("error", [message, ...frames].join("\n    "));
  return new ConnectorError(message, { cause: error });
}

/**
 * Logs an error that occurred after the response. It doesn't change the response, as on the function's own platform.
 */
export function afterAnswer(error) {
  const place = ownPlace(stackOf(error));
  log("warn", `${place === undefined ? "" : `${place}: `}after the response: ${messageOf(error)}`);
}

// The last request that an API refused, since the function's own message often doesn't name it.
function failureNote() {
  const failed = lastFailure();
  return failed === undefined ? "" : ` (before that, ${shown(failed.method, failed.url)} answered ${failed.status})`;
}

/** A text as a message quotes it. */
export const quoted = (text) => (text === "" ? "nothing" : excerpt(text));

/**
 * The contract's error for a response whose status is an error. A function that refuses the request without having sent
 * any has refused its own key. The error concerns the API's credentials only if an API refused a request.
 */
export function refusal({ status, headers, text, place }, { keys }) {
  const limit = rateLimit(status, headers, Date.now());
  if (limit && status === 429) return new RateLimited(limit.wait);
  const where = place === undefined ? "" : `${place}: `;
  const said = `${where}the function itself answered ${status}: ${quoted(text)}${failureNote()}`;
  if (status === 401 || status === 403) {
    if ([401, 403].includes(lastFailure()?.status)) return new Unauthorized(said);
    if (requestsSent() > 0) {
      return new ConnectorError(`${said}; no API refused a request. If the function refused its own key: ${ofKeys(keys)}`);
    }
    return new Misconfigured(`${said}; it had sent no request, so it refused its own key: ${ofKeys(keys)}`);
  }
  if (status >= 502 && status <= 504) return new Upstream(said);
  return new ConnectorError(said);
}

// The key that the function received, and how to change it.
function ofKeys(keys) {
  const other = "`weld-host adapt --key-variable NAME` sets the variable that contains the key";
  if (keys.length === 0) {
    return `it received a random key as \`Authorization: Bearer\`, since no key check was found in its source; ${other}`;
  }
  const received = keys.map(({ header, argument, variable }) => {
    const where = header === undefined ? `the query parameter ${argument}` : `the header ${header}`;
    return `${variable === undefined ? "the key in its source" : `the value of ${variable}`} in ${where}`;
  });
  return `it received ${received.join(" and ")}; ${other}`;
}
