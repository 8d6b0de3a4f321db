// Node's `url`, where modules have places.

import * as url from "../node/url.js";

/** The path of a module or of a file beside it. */
export const fileURLToPath = (place) => decodeURIComponent(new URL(String(place)).pathname);

export * from "../node/url.js";
export default { ...(url.default ?? url), fileURLToPath };
