// Runs a connector's call in Node, with the host's functions of a fake host or of one at the other end of a pipe.

import process from "node:process";

import { report } from "../connector.js";
import { install } from "../install.js";
import { driveNatively, reset } from "../loop.js";
import { setRunning } from "../running.js";
import { use } from "./fake.js";

// Lets the engine run all queued jobs. `setImmediate` is saved here, since a call replaces the global timers.
const { setImmediate } = globalThis;
const turn = () => new Promise((resolve) => setImmediate(resolve));

/**
 * The result of a call; if the call fails, that of `failed`, which gets the contract's error and its cause. `says` logs
 * the cause and returns the contract's error.
 */
export async function callOn(host, { what, begin, end, unsettled }, failed, says = report) {
  const restore = enter(host);
  try {
    return end(await driveNatively(begin(), what, turn, unsettled));
  } catch (cause) {
    return failed(says(cause, what), cause);
  } finally {
    restore();
  }
}

// Installs this host and the globals of a component. Returns a function that removes them.
function enter(host) {
  use(host);
  setRunning(true);
  reset();
  const uninstall = install();
  const before = process.env;
  process.env = Object.fromEntries(host.environment());
  return () => {
    process.env = before;
    uninstall();
    setRunning(false);
    use(undefined);
  };
}

/** An error as the contract's host functions throw it. */
export const thrown = (payload) => Object.assign(new Error(JSON.stringify(payload)), { payload });
