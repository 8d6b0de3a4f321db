// `weld-connector run`: runs a connector in Node, without a component. `weld-host run` sends its requests, and starts this
// program again as its worker.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { basename, delimiter, dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";

import { work } from "../src/native.js";
import { mistakeIn, unbundled } from "./bundle.js";
import { Mistake } from "./mistake.js";
import { entryOf, importTool } from "./project.js";
import { besidePackages } from "./work-folder.js";

export const RUN_USAGE = `weld-connector run [FLAGS OF weld-host run]

Runs the connector of this folder in Node, not sandboxed, without building a component.
The host sends its requests, under the rules of NAME.toml. \`weld-host run --help\` lists the flags.`;

const WORKER = "--worker";

/** Starts the host, or, with `--worker [ENTRY]` as the first argument, answers its calls. */
export async function run(given) {
  if (given[0] === WORKER) {
    const entry = entryOf(given[1]);
    await work(() => load(entry));
  } else {
    process.exitCode = await startHost(given);
  }
}

function startHost(given) {
  const program = process.env.WELD_HOST || onPath("weld-host");
  if (program === undefined) {
    throw new Mistake(
      "weld-host is not on the search path; install it with `cargo install --locked --path host` in its repository, " +
        "or name the program in the variable WELD_HOST",
    );
  }
  const self = fileURLToPath(new URL("weld-connector.js", import.meta.url));
  const words = ["run", ...given, "--", process.execPath, self, "run", WORKER];
  return new Promise((done, fail) => {
    const host = spawn(program, words, { stdio: "inherit" });
    // A terminal sends Ctrl-C to the host, too. This process ends after it.
    process.on("SIGINT", () => {});
    process.on("SIGTERM", () => host.kill("SIGTERM"));
    host.on("error", (error) => fail(new Mistake(`${program} can't be run (${error.code ?? error.message})`)));
    host.on("close", (status, signal) => done(status ?? 128 + (constants.signals[signal] ?? 0)));
  });
}

function onPath(name) {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/**
 * Loads the connector's module. Modules in TypeScript are bundled first, since Node can't read them; packages, and so this
 * kit, are not part of the bundle. Throws `Mistake` with file and line for modules that can't be read.
 */
async function load(entry) {
  process.setSourceMapsEnabled(true);
  try {
    return await (/\.[cm]?tsx?$/.test(entry) ? loadBundled(entry) : import(pathToFileURL(entry)));
  } catch (error) {
    if (error instanceof SyntaxError || error?.code === "ERR_MODULE_NOT_FOUND") throw await placed(entry, error);
    throw error;
  }
}

async function loadBundled(entry) {
  const { build } = await bundler(entry);
  return besidePackages(dirname(entry), async (folder) => {
    const outfile = join(folder, "connector.mjs");
    try {
      await build({
        entryPoints: [entry],
        outfile,
        bundle: true,
        format: "esm",
        platform: "node",
        packages: "external",
        sourcemap: "inline",
        logLevel: "silent",
      });
    } catch (error) {
      throw error.errors?.length ? unbundled(error.errors, basename(entry), error) : error;
    }
    return import(pathToFileURL(outfile));
  });
}

/** The mistake that Node reports without its place, as the build of the component reports it; `error` if that accepts it. */
async function placed(entry, error) {
  try {
    const { build } = await bundler(entry);
    return (await mistakeIn(build, entry)) ?? error;
  } catch {
    // The bundler is not installed.
    return error;
  }
}

const bundler = (entry) => importTool(createRequire(join(dirname(entry), "package.json")), "esbuild");
