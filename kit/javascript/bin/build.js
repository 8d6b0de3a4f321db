// `weld-connector build`: bundles a connector's modules and the kit in one file, and compiles it to a component for
// weld-host.

import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { cp, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";

import { bundle, linesOf } from "./bundle.js";
import { deepenStack } from "./deep-stack.js";
import { engineFailure } from "./engine-failure.js";
import { clearFreeMemory } from "./free-memory.js";
import { Mistake } from "./mistake.js";
import { entryOf, importTool, resolveTool } from "./project.js";
import { besideFile } from "./work-folder.js";

export const BUILD_USAGE = `weld-connector build [ENTRY] [--out NAME.wasm] [--engine quickjs|starlingmonkey] [--function]

ENTRY exports the connector as \`source\`; the default is connector.ts or connector.js.
The component is written to NAME.wasm; by default, NAME is the package's name.
With --function, ENTRY serves a function written for another platform; see weld-host adapt.`;

// jco, which builds with StarlingMonkey, can read the contract only with this version.
const SHIM = { name: "@bytecodealliance/preview2-shim", version: "0.26.0" };

const ENGINES = { quickjs: withQuickJs, starlingmonkey: withStarlingMonkey };

/** Builds the connector that these arguments name. */
export async function build(given) {
  const { entry, out, engine, isFunction } = await readArguments(given);
  const project = createRequire(join(process.cwd(), "package.json"));
  const { build: esbuild } = await importTool(project, "esbuild");

  await besideFile(out, async (folder) => {
    const { usesRandom } = await bundle(esbuild, entry, join(folder, "connector.js"), { isFunction });
    // A copy, since jco may write into the contract's folder.
    await cp(new URL("../wit", import.meta.url), join(folder, "wit"), { recursive: true });
    if (usesRandom) await addRandom(join(folder, "wit"));
    await ENGINES[engine](project, folder, usesRandom ? "connector-with-random" : "connector");
    // The last step is renaming a file: weld-host never sees an incomplete component.
    await rename(join(folder, "connector.wasm"), out);
  });
  console.log(`built ${out}`);
}

async function readArguments(given) {
  const { values, positionals } = parse(given);
  const engine = values.engine ?? "quickjs";
  if (!Object.hasOwn(ENGINES, engine))
    throw new Mistake(`unknown engine ${engine}: use quickjs or starlingmonkey`);
  if (positionals.length > 1) throw new Mistake(`expected one entry, not ${positionals.length}: ${positionals.join(", ")}`);
  const entry = entryOf(positionals[0]);
  return {
    entry,
    engine,
    isFunction: values.function ?? false,
    out: resolve(values.out ?? `${await packageName()}.wasm`),
  };
}

function parse(given) {
  const options = {
    out: { type: "string", short: "o" },
    engine: { type: "string" },
    function: { type: "boolean" },
  };
  try {
    return parseArgs({ args: given, options, allowPositionals: true });
  } catch (error) {
    throw new Mistake(`${error.message}\n\nUsage: ${BUILD_USAGE}`);
  }
}

async function packageName() {
  try {
    const { name } = JSON.parse(await readFile("package.json", "utf8"));
    return basename(name);
  } catch {
    throw new Mistake("this folder has no package.json with a name: name the component with --out NAME.wasm");
  }
}

// The path of jco's program, after checking that its requirements are installed.
async function requireJco(project) {
  const jco = resolveTool(project, "@bytecodealliance/jco");
  const shim = await readPackage(createRequire(jco).resolve(SHIM.name), SHIM.name);
  if (shim.content.version !== SHIM.version) {
    throw new Mistake(
      `${SHIM.name} is installed in version ${shim.content.version}, with which jco can't read the contract. Add to package.json:\n` +
        `  "overrides": { "${SHIM.name}": "${SHIM.version}" }\nand run \`npm install\` again.`,
    );
  }
  const { path, content } = await readPackage(jco, "@bytecodealliance/jco");
  return join(dirname(path), content.bin.jco);
}

// The package.json of `name` in a folder above one of its files.
async function readPackage(file, name) {
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    const path = join(folder, "package.json");
    if (!existsSync(path)) continue;
    const content = JSON.parse(await readFile(path, "utf8"));
    if (content.name === name) return { path, content };
  }
  throw new Mistake(`${name} has no package.json`);
}

// Adds the interface for random bytes to the contract. Only a component that uses them imports it.
async function addRandom(folder) {
  await mkdir(join(folder, "deps", "random"), { recursive: true });
  await writeFile(
    join(folder, "deps", "random", "random.wit"),
    "package wasi:random@0.2.0;\n\ninterface random {\n    get-random-u64: func() -> u64;\n}\n",
  );
  await writeFile(
    join(folder, "random.wit"),
    "package weld:connector@0.1.0;\n\nworld connector-with-random {\n    include connector;\n" +
      "    import wasi:random/random@0.2.0;\n}\n",
  );
}

async function withQuickJs(project, folder, world) {
  const { componentize } = await importTool(project, "componentize-qjs");
  const jsPath = join(folder, "connector.js");
  const jsSource = await readFile(jsPath, "utf8");
  const { component } = await componentize({
    jsPath,
    jsSource,
    sync: true,
    witPath: join(folder, "wit"),
    world,
  }).catch((cause) => {
    throw failed(cause.message, jsSource, cause);
  });
  // If its memory is managed in another way, the component stays larger.
  const smaller = clearFreeMemory(component) ?? component;
  const deeper = deepenStack(smaller);
  if (deeper === undefined) {
    console.warn(
      "weld-connector: the stack is not enlarged and holds about 3,500 calls, since this version of componentize-qjs is not supported",
    );
  }
  await writeFile(join(folder, "connector.wasm"), deeper ?? smaller);
}

async function withStarlingMonkey(project, folder, world) {
  const jco = await requireJco(project);
  const bundled = await readFile(join(folder, "connector.js"), "utf8");
  const without = ["-d", "http", "fetch-event"];
  const values = ["componentize", "connector.js", "--wit", "wit", "-n", world, ...without, "-o", "connector.wasm"];
  await new Promise((done, fail) => {
    // In the bundle's folder, where jco looks for the entry.
    const child = spawn(process.execPath, [jco, ...values], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
    const said = [];
    child.stdout.on("data", (bytes) => said.push(bytes));
    child.stderr.on("data", (bytes) => said.push(bytes));
    child.on("error", fail);
    child.on("close", (status) => {
      if (status === 0) done();
      else fail(failed(Buffer.concat(said).toString(), bundled));
    });
  });
}

/** The mistake for what an engine said about the bundle. */
function failed(text, bundled, cause) {
  const { details, message } = engineFailure(text, linesOf(bundled), (file) => readFileSync(file, "utf8"));
  return new Mistake(message, { details, cause });
}
