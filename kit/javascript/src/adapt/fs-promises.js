// Node's `fs/promises`.

import { promises } from "./fs.js";

export const { access, appendFile, mkdir, readFile, readdir, rename, rm, stat, unlink, writeFile } = promises;
export default promises;
