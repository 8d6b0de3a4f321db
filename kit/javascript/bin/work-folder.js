// The folder in which a command works. A command that is killed leaves it; the next one removes it.

import { mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import process from "node:process";

// Modules in a folder inside `node_modules` can import the packages of the project, and other programs ignore the folder.
const BESIDE_PACKAGES = join("node_modules", ".weld-connector");
const PREFIX = ".weld-connector-";

/** Calls `work` with a new folder beside the packages of `project`, where modules find them. */
export async function besidePackages(project, work) {
  const parent = join(project, BESIDE_PACKAGES);
  await mkdir(parent, { recursive: true });
  return within(parent, "", work);
}

/** Calls `work` with a new folder from which a file can be renamed to `out`. */
export async function besideFile(out, work) {
  const parent = dirname(out);
  await mkdir(parent, { recursive: true });
  await removeStale(parent, PREFIX);
  const [here, packages] = await Promise.all([deviceOf(parent), deviceOf("node_modules")]);
  return here === packages ? besidePackages(".", work) : within(parent, PREFIX, work);
}

async function within(parent, prefix, work) {
  await removeStale(parent, prefix);
  const folder = await mkdtemp(join(parent, `${prefix}${process.pid}-`));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Removes the folders of commands that have ended. Those of earlier versions of the kit don't have the process's id. */
async function removeStale(parent, prefix) {
  for (const name of await readdir(parent)) {
    if (!name.startsWith(prefix)) continue;
    const [, process] = /^(\d+)(?:-|$)/.exec(name.slice(prefix.length)) ?? [];
    if (process === undefined ? prefix !== "" : !isRunning(Number(process)))
      await rm(join(parent, name), { recursive: true, force: true });
  }
}

function isRunning(id) {
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** The device of a folder; undefined if it doesn't exist. */
async function deviceOf(folder) {
  try {
    return (await stat(folder)).dev;
  } catch {
    return undefined;
  }
}
