// Node's `timers` and `timers/promises`.

import { sleep } from "../loop.js";

const { clearInterval, clearTimeout, setInterval, setTimeout } = globalThis;
export { clearInterval, clearTimeout, setInterval, setTimeout };

export const setImmediate = (call, ...values) => globalThis.setTimeout(call, 0, ...values);
export const clearImmediate = (id) => globalThis.clearTimeout(id);

export const promises = {
  async setTimeout(duration = 0, value) {
    await sleep(duration);
    return value;
  },
  setImmediate: async (value) => value,
};
