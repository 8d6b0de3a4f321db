import assert from "node:assert/strict";
import { test } from "node:test";

import { engineFailure } from "../../bin/engine-failure.js";

// Lines 1 and 2 are of the author's module, line 3 is of a package, and line 4 of the kit.
const LINES = {
  sources: ["connector.js", "node_modules/shapes/index.js", "node_modules/weld-connector/src/loop.js"],
  lines: [0, 1, 0, 2, 1, 7, 2, 9],
};
const read = () => "first();\n  second();\n";
const START = ": Failed to evaluate user JavaScript module: Failed to finish JavaScript module evaluation: ";
const failure = (text) => engineFailure(START + text, LINES, read);
const at = (name, line) => `\n    at ${name} (/.weld-connector-a1/connector.js:${line}:5)`;

test("frames are the author's and those of packages, with their own lines", () => {
  const { details, message } = failure(`Error: odd${at("add", 4)}${at("area", 3)}${at("second", 2)}${at("<anonymous>", 1)}`);
  assert.equal(
    details,
    "connector.js:2\n    second();\nError: odd\n    at area (node_modules/shapes/index.js:7)\n" +
      "    at second (connector.js:2)\n    at <anonymous> (connector.js:1)",
  );
  assert.match(message, /^connector\.js:2: odd; modules load when the connector is built/);
});

test("a message of the kit needs no more advice", () => {
  const { message } = failure(`Error: a timer can't be used while modules load${at("<anonymous>", 1)}`);
  assert.equal(message, "connector.js:1: a timer can't be used while modules load");
});

test("long messages and deep stacks are cut", () => {
  const { details, message } = failure(`Error: ${"line\n".repeat(50)}${at("deep", 2).repeat(90)}`);
  assert.ok(details.split("\n").length <= 20, details);
  assert.ok(!message.includes("\n"));
});

test("a trap of the engine has no backtrace", () => {
  const backtrace = "error while executing at wasm backtrace:\n    0: <unknown>!<wasm function 645>\n: wasm trap: ";
  for (const [trap, words] of [
    ["call stack exhausted", /^a function calls itself without end/],
    ["unreachable", /^the engine stopped while the modules were loaded \(unreachable\)/],
  ]) {
    const { details, message } = engineFailure(backtrace + trap, LINES, read);
    assert.equal(details, "");
    assert.match(message, words);
  }
});
