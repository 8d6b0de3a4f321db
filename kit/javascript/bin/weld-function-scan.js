#!/usr/bin/env node
// Prints the findings in the source of a function as JSON: { found: … }, or { refused: "why" }. It needs no package.

import process from "node:process";
import { parseArgs } from "node:util";

import { NotServed } from "./adapt/not-served.js";
import { scan } from "./adapt/scan.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { entry: { type: "string" }, "key-variable": { type: "string" } },
});
const [folder, file] = positionals;
let answer;
try {
  answer = { found: scan(folder, file, { entry: values.entry, keyVariable: values["key-variable"] }) };
} catch (error) {
  if (!(error instanceof NotServed)) throw error;
  answer = { refused: error.message };
}
console.log(JSON.stringify(answer));
