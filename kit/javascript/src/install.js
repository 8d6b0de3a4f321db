// The globals that use the host, in components as well as in tests.

import { fetch } from "./fetch.js";
import { Headers } from "./headers.js";
import { makeConsole } from "./log.js";
import { clearTimer, setInterval, setTimeout } from "./loop.js";
import { Request } from "./request.js";
import { Response } from "./response.js";

/** Installs them, and returns a function that restores the previous ones. */
export function install() {
  const globals = {
    Headers,
    Request,
    Response,
    clearInterval: clearTimer,
    clearTimeout: clearTimer,
    console: makeConsole(),
    fetch,
    setInterval,
    setTimeout,
  };
  const before = Object.keys(globals).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]);
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, enumerable: true, writable: true });
  }
  return () => {
    for (const [name, descriptor] of before) {
      if (descriptor) Object.defineProperty(globalThis, name, descriptor);
      else delete globalThis[name];
    }
  };
}
