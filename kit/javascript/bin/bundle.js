// Bundles a connector's modules, its packages and the kit in one file.

import { appendFile, readFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

import { Mistake } from "./mistake.js";
import { explained, provideNode, summary } from "./node-modules.js";
import { provideOwnFiles } from "./own-files.js";
import { sourceLines } from "./source-lines.js";

const KIT = fileURLToPath(new URL("../src/", import.meta.url));
const inKit = (path) => join(KIT, path);

/** The name of a source in messages: relative to the project, or to the kit. */
function nameOf(path) {
  return path.startsWith(KIT) ? `weld-connector/src/${path.slice(KIT.length).split(sep).join("/")}` : relative(process.cwd(), path);
}

/**
 * Writes the bundle of `entry` to `outfile`, and returns whether it uses random bytes. With `isFunction`, the entry
 * serves a function for another platform.
 */
export async function bundle(build, entry, outfile, { isFunction = false } = {}) {
  const options = { first: [], packages: [], isFunction };
  let result = await bundleOnce(build, entry, outfile, options);
  if (isFunction) options.packages = packagesIn(result.metafile.inputs);
  // The data of languages and time zones is large, so it is only included if it may be used.
  if (/\btoLocale|\blocaleCompare|\bIntl\b/.test(await readFile(outfile, "utf8")))
    options.first = [inKit("intl/install.js")];
  if (options.first.length > 0 || options.packages.length > 0)
    result = await bundleOnce(build, entry, outfile, options);
  // Appended at the end, so that line numbers stay the same.
  const map = JSON.parse(await readFile(`${outfile}.map`, "utf8"));
  const text = await readFile(outfile, "utf8");
  const lines = sourceLines(text, map, (source) => nameOf(resolve(dirname(outfile), source)));
  await appendFile(outfile, `\nglobalThis.weldConnectorLines = ${JSON.stringify(lines)};\n`);
  const [{ inputs }] = Object.values(result.metafile.outputs).filter(({ entryPoint }) => entryPoint !== undefined);
  return { usesRandom: Object.keys(inputs).some((path) => path.endsWith("random-component.js")) };
}

/** The data that `bundle` has appended to the text of a bundle: the source of each of its lines. */
export function linesOf(text) {
  const [, json] = /\nglobalThis\.weldConnectorLines = (.*);\n$/.exec(text) ?? [];
  return json === undefined ? { sources: [], lines: [] } : JSON.parse(json);
}

// The files of packages that the function's own modules import.
function packagesIn(inputs) {
  const isPackages = (path) => /(?:^|[\\/])node_modules[\\/]/.test(path);
  const files = Object.entries(inputs)
    .filter(([path]) => !isPackages(path))
    .flatMap(([, { imports }]) => imports.map(({ path }) => path))
    .filter((path) => isPackages(path) && !/[\\/]weld-connector[\\/]/.test(path) && path in inputs);
  return [...new Set(files)].map((path) => resolve(path));
}

// What a component calls; it would otherwise fail with the first call.
const CHECK =
  'if (typeof source?.schema !== "function" || typeof source.fetchPage !== "function") throw new TypeError(' +
  '"the export `source` is not a connector: write export const source = connector({ tables: { … } })");';

// The errors that are shown; the others are counted.
const MOST_ERRORS = 4;

/** The mistake for the errors of esbuild. */
export function unbundled(errors, entry, cause) {
  // The message has what to do about the first error.
  const shown = errors.slice(0, MOST_ERRORS).map((error, index) => explained(error, entry, index > 0));
  const more = errors.length - shown.length;
  if (more > 0) shown.push(`… ${more} more errors …`);
  const others = errors.length > 1 ? `; ${errors.length - 1} more` : "";
  return new Mistake(`${summary(errors[0], entry)}${others}`, { details: shown.join("\n"), cause });
}

/** The mistake that keeps the modules from being read; undefined if there is none. Nothing is written. */
export async function mistakeIn(build, entry) {
  try {
    await bundleOnce(build, entry, undefined, { first: [], packages: [], isFunction: false });
    return undefined;
  } catch (error) {
    return error;
  }
}

async function bundleOnce(build, entry, outfile, { first: more, packages, isFunction }) {
  const first = [inKit("globals.js"), ...more].map((path) => `import ${JSON.stringify(path)};`).join("\n");
  try {
    return await build({
      stdin: {
        // The globals come first, so that all other modules find them while they load.
        contents: `${first}\nimport { source } from ${JSON.stringify(entry)};\n${CHECK}\nexport { source };\n`,
        resolveDir: dirname(entry),
        sourcefile: "weld-connector-entry.js",
      },
      bundle: true,
      // If a package has several forms, the one for browsers is used: it has `fetch` and no modules of Node.
      conditions: ["weld"],
      define: {
        "process.env.NODE_DEBUG": "undefined",
        "process.env.NODE_ENV": '"production"',
        global: "globalThis",
      },
      external: ["weld:*", "wasi:*"],
      format: "esm",
      // Only the parts that are used are included.
      inject: [inKit("web/globals.js")],
      logLevel: "silent",
      mainFields: ["browser", "module", "main"],
      metafile: true,
      outfile,
      platform: "browser",
      plugins: [
        provideNode(inKit("node"), isFunction),
        providePackages(inKit("adapt/packages.js"), packages),
        ...(isFunction ? [provideOwnFiles(join(dirname(entry), "function"), inKit("adapt/files.js"))] : []),
      ],
      sourcemap: outfile !== undefined && "external",
      write: outfile !== undefined,
      // The engine's own promises would never continue; see src/promise.js.
      supported: { "async-await": false, "async-generator": false, "for-await": false, "top-level-await": false },
      target: "es2022",
    });
  } catch (error) {
    if (!error.errors?.length) throw new Mistake(error.message, { cause: error });
    throw unbundled(error.errors, basename(entry), error);
  }
}

/** A plugin for esbuild that replaces the module at `path` by one that loads these files. */
function providePackages(path, files) {
  return {
    name: "weld-packages",
    setup(build) {
      build.onLoad({ filter: /[\\/]packages\.js$/ }, (module) => {
        if (module.path !== path || files.length === 0) return undefined;
        const loads = files.map((file) => `() => require(${JSON.stringify(file)})`);
        return { contents: `export const packages = [${loads.join(", ")}];\n`, resolveDir: dirname(path) };
      });
    },
  };
}
