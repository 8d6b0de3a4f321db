// A connector's folder: its entry, and the tools that are installed there.

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

import { Mistake } from "./mistake.js";

/** The path of the module that exports the connector; by default connector.ts or connector.js of this folder. */
export function entryOf(given) {
  const entry = resolve(given ?? ["connector.ts", "connector.js"].find(existsSync) ?? "connector.js");
  if (!existsSync(entry)) throw new Mistake(`no such file: ${entry}`);
  return entry;
}

/** Imports a package that the connector's folder has installed; `project` resolves names there. */
export async function importTool(project, name) {
  return import(pathToFileURL(resolveTool(project, name)));
}

/** The path of such a package's main file. */
export function resolveTool(project, name) {
  try {
    return project.resolve(name);
  } catch {
    throw new Mistake(
      `${name} is not installed here: run \`npm install\` in the folder of the connector's package.json`,
    );
  }
}
