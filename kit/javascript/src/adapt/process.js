// Node's `process` as functions use it.

import { variables } from "../env.js";
import { log, logLines, makeConsole } from "../log.js";
import { startOfCall } from "../running.js";
import { ConnectorError } from "../errors.js";

// The same object for all calls, since functions keep it, as in `const env = process.env`.
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
    throw new ConnectorError(`the function called process.exit(${status}), which a connector does not have: send a response instead`);
  },
  exitCode: undefined,
  hrtime,
  memoryUsage: () => ({ rss: 0, heapTotal: 0, heapUsed: 0, external: 0, arrayBuffers: 0 }),
  off: () => globalThis.process,
  // A component has no process of its own, so none of these events occurs.
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

// A stack without the frames of the kit.
const withoutKit = (text) => text.replace(/\n +at [^\n]*\bweld-connector\/src\/[^\n]*/g, "");

/** Adds Node's members to a component's `process`. Its environment is empty until the first call. */
export function prepareProcess() {
  if (globalThis.process?.platform !== "wasi") return;
  Object.assign(globalThis.process, members);
  // As on the function's own platform, each line of a text becomes a log line.
  globalThis.console = makeConsole((level, text) => logLines(level, withoutKit(text)));
  // Enough frames to get from the function's line through the stand-ins for its packages.
  Error.stackTraceLimit = 50;
  putEnvironment();
}

/** Fills `process.env` for the current call. */
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
