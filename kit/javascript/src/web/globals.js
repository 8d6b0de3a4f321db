// Globals that few connectors use. The build imports each one where a module uses its name, and leaves out the others.

import { Buffer } from "../node/buffer.js";
import { webcrypto as crypto } from "../node/webcrypto.js";
import { clearImmediate, setImmediate } from "../node/timers.js";
import { AbortController, AbortSignal } from "./abort.js";
import { structuredClone } from "./clone.js";

export {
  AbortController,
  AbortSignal,
  Buffer,
  clearImmediate,
  crypto,
  setImmediate,
  structuredClone,
  AbortController as "globalThis.AbortController",
  AbortSignal as "globalThis.AbortSignal",
  Buffer as "globalThis.Buffer",
  crypto as "globalThis.crypto",
  setImmediate as "globalThis.setImmediate",
  structuredClone as "globalThis.structuredClone",
};
