// The globals that a component has in addition to ECMAScript. The build puts this module before all others.

import { variables } from "./env.js";
import { TextDecoder, TextEncoder } from "./encoding.js";
import { install } from "./install.js";
import { queueMicrotask } from "./loop.js";
import { Promise } from "./promise.js";
import { random } from "./random.js";
import { isRunning, startOfCall } from "./running.js";
import { URLSearchParams } from "./search-params.js";
import { URL } from "./url.js";

Object.assign(globalThis, { Promise, queueMicrotask });
// The engine's own function would wait for the engine's promises.
Array.fromAsync = async (items, map = (item) => item) => {
  const list = [];
  for await (const item of items) list.push(await map(item, list.length));
  return list;
};
Math.random = random;
for (const [name, value] of Object.entries({ TextDecoder, TextEncoder, URL, URLSearchParams })) {
  globalThis[name] ??= value;
}
install();
// The bundler renames classes that have the name of a global. This restores the names for messages and
// `constructor.name`.
for (const name of [
  "Headers",
  "Promise",
  "Request",
  "Response",
  "TextDecoder",
  "TextEncoder",
  "URL",
  "URLSearchParams",
]) {
  Object.defineProperty(globalThis[name], "name", { value: name });
}
// Packages check for an environment while they load. Its variables are only available in a call.
const unread = new Proxy({}, { get: variables, has: variables, ownKeys: variables });
globalThis.process = {
  get env() {
    return isRunning() ? variables() : unread;
  },
  argv: [],
  cwd: () => "/",
  nextTick: (call, ...values) => queueMicrotask(() => call(...values)),
  platform: "wasi",
  version: "",
  versions: {},
};
// The engine's own clock counts from the time of the build, on the machine that built the component.
globalThis.performance = {
  get timeOrigin() {
    return startOfCall();
  },
  now: () => Date.now() - startOfCall(),
};
