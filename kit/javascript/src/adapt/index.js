// Serves a cloud function or a Lambda as a connector. Each call from Weld becomes a request as the function's own
// platform would send it, and the response becomes a schema or a page.

import { readNumbersAsNode } from "../body.js";
import { sourceOf } from "../connector.js";
import { log } from "../log.js";
import { takeUnhandled } from "../promise.js";
import { pageOf } from "./page.js";
import { ask } from "./call.js";
import { packages } from "./packages.js";
import { prepareProcess } from "./process.js";
import { NoAnswer, afterAnswer, explained, placeOf } from "./problems.js";
import { schemaOf, tablesOf } from "./schema.js";

/**
 * The export `source` of a function.
 *
 * `load` loads the function's own modules, in each call; the packages that they import are loaded once, while the
 * component is built. `file` is the name to show in messages. `entry` is the export to call if there are several.
 * `kind` is "http" for a function `(req, res)`, and "lambda" for `(event, context)`. `line` is the line of the
 * function. `keys` are the keys that the function checks: each has the header or the URL's query parameter that
 * contains it, a prefix, and the variable or text that it must equal. `variables` are the names of the variables that
 * the function needs.
 */
export function functionConnector({ load, file = "index.js", line, entry, kind, keys = [], variables = [] }) {
  readNumbersAsNode();
  prepareProcess();
  for (const loadPackage of packages) preload(loadPackage);
  const place = line === undefined ? undefined : placeOf(file, line);
  const target = { load, file, place, entry, kind, keys, variables };
  const answered = (end) => (value) => {
    takeUnhandled().forEach(afterAnswer);
    return end(value);
  };
  const call = (what, begin, end) => ({ what, begin, end: answered(end), unsettled: () => unanswered({ file, line }) });
  return sourceOf({
    schema: () => call("schema", () => withExplanation(schema(target)), tablesOf),
    fetchPage: (name, state) =>
      call(
        `the page of table ${JSON.stringify(name)}`,
        () => withExplanation(page(target, name, state)),
        (page) => page,
      ),
  });
}

// A package that can't be loaded yet, since it reads variables or the time, is loaded in the call.
function preload(loadPackage) {
  try {
    loadPackage();
  } catch {
    // The call reports the error if it persists.
  }
}

// The error if nothing answers: a rejected promise without a handler may be the reason.
function unanswered(place) {
  const [reason] = takeUnhandled();
  return reason === undefined ? new NoAnswer(place) : explained(reason);
}

// Adds the meaning of a failure. If the function doesn't catch a rate limit of an API, its own platform answers with an
// error; here, the host waits.
async function withExplanation(answering) {
  try {
    return await answering;
  } catch (error) {
    if (error?.payload?.tag === "rate-limited") {
      log(
        "info",
        "an API asks the function to wait: the host waits and requests the page again, where the function's platform would have answered 500",
      );
    }
    throw explained(error);
  }
}

// Some functions compare the path with two slashes, which it has if Weld's URL of the function ends in a slash.
async function schema(target) {
  const first = await ask(target, { method: "GET", path: "/schema" });
  const schema = schemaOf(first);
  if (schema !== undefined) return schema;
  const second = await ask(target, { method: "GET", path: "//schema" });
  return schemaOf(second) ?? schemaOf(first, target);
}

async function page(target, name, state) {
  // The state's text is passed on unchanged, so that its numbers keep all digits.
  const body = `{"name": ${JSON.stringify(name)}, "state": ${state}}`;
  return pageOf(await ask(target, { method: "POST", path: "/", body }), target);
}
