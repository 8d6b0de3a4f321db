// Node's `process` as functions use it.

import { variables } from "../env.js";
import { log, logLines, makeConsole } from "../log.js";
import { startOfCall } from "../running.js";
import { ConnectorError } from "../errors.js";

// One object for all: some keep it, as in `const env = process.env`.
const env = {};

const emitter = (stream) => ({
  write(text) {
    logLines(stream, String(text).replace(/\n$/, ""));
    return true;
  },
  isTTY: false,
});

function hrtime(before = [0, 0]) {
  const milliseconds = Date.now() - startOfCall();
  const nanoseconds = BigInt(milliseconds) * 1_000_000n - BigInt(before[0]) * 1_000_000_000n - BigInt(before[1]);
  return [Number(nanoseconds / 1_000_000_000n), Number(nanoseconds % 1_000_000_000n)];
}
hrtime.bigint = () => BigInt(Date.now()) * 1_000_000n;

const members = {
  argv: ["node", "index.js"],
  arch: "wasm32",
  execArgv: [],
  exit(status = 0) {
    throw new ConnectorError(`the function called process.exit(${status}): an answer ends it here`);
  },
  exitCode: undefined,
  hrtime,
  memoryUsage: () => ({ rss: 0, heapTotal: 0, heapUsed: 0, external: 0, arrayBuffers: 0 }),
  off: () => globalThis.process,
  // A function has no process of its own, so none of these events comes.
  on: () => globalThis.process,
  once: () => globalThis.process,
  emitWarning: (warning) => log("warn", String(warning?.message ?? warning)),
  pid: 1,
  release: { name: "node" },
  stderr: emitter("error"),
  stdout: emitter("info"),
  uptime: () => (Date.now() - startOfCall()) / 1000,
  version: "v20.0.0",
  versions: { node: "20.0.0" },
};

// A stack without the lines of what serves the function.
const withoutKit = (text) => text.replace(/\n +at [^\n]*\bweld-connector\/src\/[^\n]*/g, "");

/** Gives a component's `process` what Node's has, with an environment that is empty until the first call. */
export function prepareProcess() {
  if (globalThis.process?.platform !== "wasi") return;
  Object.assign(globalThis.process, members);
  // Each line of a text is one of the log, as on the function's own platform.
  globalThis.console = makeConsole((level, text) => logLines(level, withoutKit(text)));
  // Enough for the way from the function's line through what stands in for its packages.
  Error.stackTraceLimit = 50;
  putEnvironment();
}

/** Fills `process.env` for the call under way. */
export function enterEnvironment() {
  for (const name of Object.keys(env)) delete env[name];
  Object.assign(env, variables());
  putEnvironment();
}

const putEnvironment = () =>
  Object.defineProperty(globalThis.process, "env", {
    value: env,
    configurable: true,
    enumerable: true,
    writable: true,
  });
