// A connector's modules, its packages and the kit in one file.

import { appendFile, readFile } from "node:fs/promises";
import { dirname, relative, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

import { Mistake } from "./mistake.js";
import { explained, provideNode } from "./node-modules.js";
import { sourceLines } from "./source-lines.js";

const inKit = (path) => fileURLToPath(new URL(`../src/${path}`, import.meta.url));

/** Writes the bundle of `entry` to `outfile`, and tells whether it uses random bytes. */
export async function bundle(build, entry, outfile) {
  let result = await bundleOnce(build, entry, outfile, []);
  // The languages and zones of texts take room, so they are there only where they may be used.
  if (/\btoLocale|\blocaleCompare|\bIntl\b/.test(await readFile(outfile, "utf8"))) {
    result = await bundleOnce(build, entry, outfile, [inKit("intl/install.js")]);
  }
  // At its end, so that no line moves.
  const map = JSON.parse(await readFile(`${outfile}.map`, "utf8"));
  const text = await readFile(outfile, "utf8");
  const nameOf = (source) => relative(process.cwd(), resolve(dirname(outfile), source));
  await appendFile(outfile, `\nglobalThis.weldConnectorLines = ${JSON.stringify(sourceLines(text, map, nameOf))};\n`);
  const [{ inputs }] = Object.values(result.metafile.outputs).filter(({ entryPoint }) => entryPoint !== undefined);
  return { usesRandom: Object.keys(inputs).some((path) => path.endsWith("random-component.js")) };
}

async function bundleOnce(build, entry, outfile, more) {
  const first = [inKit("globals.js"), ...more].map((path) => `import ${JSON.stringify(path)};`).join("\n");
  try {
    return await build({
      stdin: {
        // The globals come first: all other modules, while they load, find them in place.
        contents: `${first}\nexport { source } from ${JSON.stringify(entry)};\n`,
        resolveDir: dirname(entry),
        sourcefile: "weld-connector-entry.js",
      },
      bundle: true,
      // Of packages that have several forms, the one for browsers: it has `fetch` and no modules of Node.
      conditions: ["weld"],
      define: { "process.env.NODE_DEBUG": "undefined", "process.env.NODE_ENV": '"production"', global: "globalThis" },
      external: ["weld:*", "wasi:*"],
      format: "esm",
      // Only what is used of it comes along.
      inject: [inKit("web/globals.js")],
      logLevel: "silent",
      mainFields: ["browser", "module", "main"],
      metafile: true,
      outfile,
      platform: "browser",
      plugins: [provideNode(inKit("node"))],
      sourcemap: "external",
      // Promises of the engine would never go on; see src/promise.js.
      supported: { "async-await": false, "async-generator": false, "for-await": false, "top-level-await": false },
      target: "es2022",
    });
  } catch (error) {
    if (!error.errors?.length) throw new Mistake(error.message, { cause: error });
    throw new Mistake(`the connector can't be bundled\n\n${error.errors.map(explained).join("\n")}`, { cause: error });
  }
}
