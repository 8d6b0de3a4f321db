// What is wrong with a function or its answer, in the words of those who wrote it.

import { excerpt } from "../body.js";
import {
  ConnectorError,
  RateLimited,
  Unauthorized,
  Upstream,
  contractError,
  messageOf,
  withSources,
} from "../errors.js";
import { log } from "../log.js";
import { rateLimit } from "../refusal.js";

/** Nothing is left that could answer: no request, timer or job. */
export class NoAnswer extends ConnectorError {
  constructor(file) {
    super(
      `${file}: the handler ended without an answer: res.json(…) or res.send(…) must be called, or in a Lambda a value be ` +
        "returned or given to the callback",
    );
  }
}

// Where the build has the function's own files.
const OWN = /\bfunction\/([^\s():]+):(\d+)/;

/**
 * An error that the function has thrown, with the place in its own files; the way to there is in the log. One that means an
 * error of the contract's stays as it is.
 */
export function explained(error) {
  const { meant } = contractError(error);
  const frames = typeof error?.stack === "string" ? withSources(error.stack).split("\n") : [];
  const own = frames.filter((frame) => OWN.test(frame)).map((frame) => frame.replace(OWN, "$1:$2").trim());
  if (meant || own.length === 0) return error;
  const [, file, line] = OWN.exec(frames.find((frame) => OWN.test(frame)));
  const message = `${file}, line ${line}: ${messageOf(error)}`;
  log("error", [message, ...own].join("\n    "));
  return new ConnectorError(message, { cause: error });
}

/** A text as it is quoted in a message. */
export const quoted = (text) => (text === "" ? "nothing" : excerpt(text));

/** The contract's error for an answer whose status says that there is none. */
export function refusal({ status, headers, text, asked }, { keyVariable }) {
  const limit = rateLimit(status, headers, Date.now());
  if (limit && status === 429) return new RateLimited(limit.wait);
  const said = `the function answered ${status}: ${quoted(text)}`;
  if (status === 401 || status === 403) {
    // It has called nobody who could have refused anything.
    const own = asked ? "" : ` Before any request, so it may check a key: ${keyAdvice(keyVariable)}`;
    return new Unauthorized(`${said}${own}`);
  }
  if (status >= 502 && status <= 504) return new Upstream(said);
  return new ConnectorError(said);
}

const keyAdvice = (variable) =>
  variable === undefined
    ? "name the variable that it reads with `weld-host adapt --key-variable`"
    : `it was given ${variable}; if it reads another variable, name that with \`weld-host adapt --key-variable\``;
