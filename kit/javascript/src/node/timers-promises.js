// Node's `timers/promises`.

import { promises } from "./timers.js";

export const { setImmediate, setTimeout } = promises;
export default promises;
