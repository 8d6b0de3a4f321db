#!/usr/bin/env node
// Builds a connector, or runs it in Node.

import process from "node:process";

import { BUILD_USAGE, build } from "./build.js";
import { Mistake } from "./mistake.js";
import { RUN_USAGE, run } from "./run.js";

const USAGE = `Usage: ${BUILD_USAGE}\n\n       ${RUN_USAGE}`;

const COMMANDS = { build, run };

async function main([name, ...rest]) {
  if (name === undefined || [name, ...rest].some((word) => word === "--help" || word === "-h")) {
    console.log(USAGE);
    return;
  }
  if (!Object.hasOwn(COMMANDS, name)) throw new Mistake(`unknown command ${name}: use build or run\n\n${USAGE}`);
  await COMMANDS[name](rest);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Mistake)) throw error;
  if (error.details) console.error(error.details);
  // The last line is the one that `weld-host build` repeats.
  console.error(`weld-connector: ${error.message}`);
  process.exit(1);
}
