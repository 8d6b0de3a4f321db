// What is wrong with a function or its answer, in the words of those who wrote it.

import { excerpt } from "../body.js";
import { ConnectorError, Misconfigured, RateLimited, Unauthorized, Upstream, contractError, messageOf, trace, withSources } from "../errors.js";
import { withoutQuery } from "../fetch.js";
import { logLines } from "../log.js";
import { rateLimit } from "../refusal.js";
import { lastFailure, requestsSent } from "../requests-sent.js";

/** Nothing is left that could answer: no request, timer or job. */
export class NoAnswer extends ConnectorError {
  constructor({ file, line }) {
    super(
      `${placeOf(file, line)}: the handler ended without an answer: res.json(…) or res.send(…) must be called, or in a Lambda a ` +
        "value be returned or given to the callback",
    );
  }
}

/** `index.js, line 3`. */
export const placeOf = (file, line) => (line === undefined ? file : `${file}, line ${line}`);

// Where the build has the function's own files.
const OWN = /\bfunction\/([^\s():]+):(\d+)/;

// The frames of a stack that are the function's own.
function ownFrames(stack) {
  const frames = typeof stack === "string" ? withSources(stack).split("\n") : [];
  return frames.filter((frame) => OWN.test(frame));
}

// The stack of an error without the constructor of its own class, which the engine has in it.
function stackOf(error) {
  const name = error?.constructor?.name;
  if (typeof error?.stack !== "string") return undefined;
  return error.stack
    .split("\n")
    .filter((line) => !line.trim().startsWith(`at ${name} (`))
    .join("\n");
}

/** The function's own line that a stack begins with: `index.js, line 3`. */
export function ownPlace(stack) {
  const [frame] = ownFrames(stack);
  if (frame === undefined) return undefined;
  const [, file, line] = OWN.exec(frame);
  return placeOf(file, line);
}

/**
 * An error that the function has thrown, with the place in its own files; the way to there is in the log. One that means an
 * error of the contract's goes on meaning it.
 */
export function explained(error) {
  const { meant, error: payload } = contractError(error);
  const place = ownPlace(stackOf(error));
  if (meant) {
    if (place === undefined || typeof payload.val !== "string") return error;
    return new ConnectorError(`${place}: ${payload.val}`, { cause: error, tag: payload.tag });
  }
  const failure = failureWords();
  if (place === undefined) {
    logLines("error", trace(error));
    return new ConnectorError(messageOf(error) + failure, { cause: error });
  }
  const message = `${place}: ${messageOf(error)}${failure}`;
  const frames = ownFrames(stackOf(error)).map((frame) => frame.replace(OWN, "$1:$2").trim());
  logLines("error", [message, ...frames].join("\n    "));
  return new ConnectorError(message, { cause: error });
}

/** What happens after the answer changes nothing here; on its own platform it would be in the log alone. */
export function afterAnswer(error) {
  const place = ownPlace(stackOf(error));
  logLines("warn", `${place === undefined ? "" : `${place}: `}after the answer: ${messageOf(error)}`);
}

// Which API has refused something before, as functions often tell no more than that.
function failureWords() {
  const failed = lastFailure();
  return failed === undefined ? "" : ` (before, ${failed.method} ${withoutQuery(failed.url)} answered ${failed.status})`;
}

/** A text as it is quoted in a message. */
export const quoted = (text) => (text === "" ? "nothing" : excerpt(text));

/**
 * The contract's error for an answer whose status says that there is none. One that refuses and has sent no request has refused
 * its own key. Only what an API refused is one of its credentials.
 */
export function refusal({ status, headers, text, place }, { keys }) {
  const limit = rateLimit(status, headers, Date.now());
  if (limit && status === 429) return new RateLimited(limit.wait);
  const where = place === undefined ? "" : `${place}: `;
  const said = `${where}the function itself answered ${status}: ${quoted(text)}${failureWords()}`;
  if (status === 401 || status === 403) {
    if ([401, 403].includes(lastFailure()?.status)) return new Unauthorized(said);
    if (requestsSent() > 0) {
      return new ConnectorError(`${said}; no API refused a request. If it refused its own key: ${ofKeys(keys)}`);
    }
    return new Misconfigured(`${said}; it sent no request before, so it refused its own key: ${ofKeys(keys)}`);
  }
  if (status >= 502 && status <= 504) return new Upstream(said);
  return new ConnectorError(said);
}

// Which key the function got, and how to name another one.
function ofKeys(keys) {
  const other = "`weld-host adapt --key-variable NAME` names the variable with the key";
  if (keys.length === 0) {
    return `it got a random one as \`Authorization: Bearer\`, since no check of a key was found in its source: ${other}`;
  }
  const got = keys.map(({ header, argument, variable }) => {
    const where = header === undefined ? `the argument ${argument} of the URL` : `the header ${header}`;
    return `${variable === undefined ? "the one of its source" : `the value of ${variable}`} in ${where}`;
  });
  return `it got ${got.join(" and ")}; ${other}`;
}
