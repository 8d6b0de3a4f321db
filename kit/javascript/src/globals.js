// What a component has besides ECMAScript. The build puts this module before all others.

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
// The engine's own would wait for the engine's promises.
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
// The bundler renames classes that are named like a global; messages and `constructor.name` have the true names.
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
// Packages look whether there is an environment while they load. Its variables are there in a call.
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
// The engine's own counts from the time of the build, on the clock of the machine that it ran on.
globalThis.performance = {
  get timeOrigin() {
    return startOfCall();
  },
  now: () => Date.now() - startOfCall(),
};
