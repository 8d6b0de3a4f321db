// Node's `url`, for modules that have a place of their own.

import * as url from "../node/url.js";

/** The path of a module, or of a file next to it. */
export const fileURLToPath = (place) => decodeURIComponent(new URL(String(place)).pathname);

export * from "../node/url.js";
export default { ...(url.default ?? url), fileURLToPath };
