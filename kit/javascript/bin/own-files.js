// The function's own files in its component: its modules, with the paths that they would have in Node, and its data
// files.

import { readFileSync, readdirSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, extname, join, posix, relative, sep } from "node:path";

import { Mistake } from "./mistake.js";
import { isTypeScript } from "./adapt/source.js";
import { tokensOf } from "./adapt/tokens.js";

const SCRIPTS = new Set([".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".map"]);
const NO_DATA = new Set(["node_modules", "package.json", "package-lock.json", "tsconfig.json"]);
const MOST_BYTES = 8 << 20;

/** A plugin for esbuild for the files of a function in `folder`. `files` is the module that receives the data files. */
export function provideOwnFiles(folder, files) {
  return {
    name: "weld-own-files",
    setup(build) {
      build.onLoad({ filter: /[\\/]adapt[\\/]files\.js$/ }, ({ path }) => {
        if (path !== files) return undefined;
        return { contents: `export const files = ${JSON.stringify(dataOf(folder))};\n` };
      });
      build.onLoad({ filter: /\.[mc]?[jt]s$/ }, async ({ path }) => {
        const within = relative(folder, path);
        if (within.startsWith("..") || within.split(sep).includes("node_modules")) return undefined;
        return {
          contents: placed(await readFile(path, "utf8"), `/${within.split(sep).join("/")}`),
          loader: isTypeScript(path) ? "ts" : "js",
          resolveDir: dirname(path),
        };
      });
    },
  };
}

/**
 * A module's text with the values of `__dirname`, `__filename` and `import.meta.url`, and without its own definition of
 * `require`. Its line numbers stay the same.
 */
export function placed(text, path) {
  const values = {
    __dirname: posix.dirname(path),
    __filename: path,
    "import.meta.dirname": posix.dirname(path),
    "import.meta.filename": path,
    // With a scheme that the kit's URL supports, so that relative URLs can be resolved.
    "import.meta.url": `https://function.invalid${path}`,
  };
  const tokens = tokensOf(text);
  const isOwn = (name) => tokens.some(({ value }, at) => value === name && ["=", ":"].includes(tokens[at + 1]?.value));
  let made = "";
  let done = 0;
  tokens.forEach(({ type, value, at }, index) => {
    const isMember = [".", "?."].includes(tokens[index - 1]?.value);
    if (type !== "name" || isMember || at < done) return;
    if (value === "createRequire" && isOwnRequire(tokens, index)) {
      const [begin, end] = [tokens[index - 3].at, tokens[index + 7].at + 1];
      made += text.slice(done, begin) + text.slice(begin, end).replace(/[^\n]/g, " ");
      done = end;
      return;
    }
    const isMeta = value === "import" && tokens[index + 1]?.value === "." && tokens[index + 2]?.value === "meta";
    const last = isMeta ? tokens[index + 4] : tokens[index];
    const name = isMeta ? `import.meta.${last?.value}` : value;
    if (!Object.hasOwn(values, name) || (!isMeta && isOwn(name))) return;
    made += text.slice(done, at) + JSON.stringify(values[name]);
    done = last.at + last.value.length;
  });
  return made + text.slice(done);
}

// `const require = createRequire(import.meta.url)`. Without it, `require` is the bundler's.
function isOwnRequire(tokens, at) {
  const words = tokens.slice(at - 3, at + 8).map(({ value }) => value);
  return /^(?:const|let|var) require = createRequire \( import \. meta \. url \)$/.test(words.join(" "));
}

/** The data files of a function by path. Throws `Mistake` if they are too large together. */
export function dataOf(folder) {
  const found = {};
  let bytes = 0;
  const take = (path) => {
    for (const name of readdirSync(path)) {
      const inner = join(path, name);
      if (NO_DATA.has(name) || name.startsWith(".")) continue;
      if (statSync(inner).isDirectory()) take(inner);
      else if (!SCRIPTS.has(extname(name))) {
        const content = readFileSync(inner);
        bytes += content.length;
        if (bytes > MOST_BYTES) {
          throw new Mistake(
            `the data files of the function are larger than ${MOST_BYTES >> 20} MiB together: ${relative(folder, inner)} exceeds the limit`,
          );
        }
        const text = content.toString("utf8");
        const isText = Buffer.from(text).equals(content);
        found[`/${relative(folder, inner).split(sep).join("/")}`] = isText
          ? text
          : { base64: content.toString("base64") };
      }
    }
  };
  take(folder);
  return found;
}
