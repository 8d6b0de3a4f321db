// A cloud function or a Lambda, as it was written for its own platform, as a connector: each of Weld's calls becomes a
// request of the platform's, and the answer a schema or a page.

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
 * `load` loads the function's own modules, at each call; the packages that they import are loaded once, while the component
 * is built. `file` is what messages name. `entry` names the export to call where there are several, and `kind` what it is
 * called with: "http" for `(req, res)`, "lambda" for `(event, context)`; `line` is where it stands. `keys` are the keys that
 * it checks, each with the header or the argument of the URL where it looks for it, what stands before it, and the variable or
 * text that it is. `variables` are those that the function needs.
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
    schema: () => call("schema", () => told(schema(target)), tablesOf),
    fetchPage: (name, state) =>
      call(
        `the page of table ${JSON.stringify(name)}`,
        () => told(page(target, name, state)),
        (page) => page,
      ),
  });
}

// One that can't be loaded yet, since it looks for variables or for the time, is loaded in the call.
function preload(loadPackage) {
  try {
    loadPackage();
  } catch {
    // The call tells what is wrong, if it still is.
  }
}

// A promise that nobody handles may have kept the function from answering.
function unanswered(place) {
  const [reason] = takeUnhandled();
  return reason === undefined ? new NoAnswer(place) : explained(reason);
}

// Says what a failure means here. A refusal for a quota that the function doesn't catch is one on its own platform, and a wait
// here.
async function told(answering) {
  try {
    return await answering;
  } catch (error) {
    if (error?.payload?.tag === "rate-limited") {
      log(
        "info",
        "an API asks to wait: the host does, and asks again, where the function's platform would have answered 500",
      );
    }
    throw explained(error);
  }
}

// Some functions compare the path with two slashes, since they were asked so where their URL ended in one.
async function schema(target) {
  const first = await ask(target, { method: "GET", path: "/schema" });
  const schema = schemaOf(first);
  if (schema !== undefined) return schema;
  const second = await ask(target, { method: "GET", path: "//schema" });
  return schemaOf(second) ?? schemaOf(first, target);
}

async function page(target, name, state) {
  // The state as it came: its numbers are none of the shim's.
  const body = `{"name": ${JSON.stringify(name)}, "state": ${state}}`;
  return pageOf(await ask(target, { method: "POST", path: "/", body }), target);
}
