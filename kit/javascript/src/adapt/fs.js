// The part of Node's `fs` with which a function reads the data files next to its modules.

import { ConnectorError } from "../errors.js";
import { Buffer } from "../node/buffer.js";
import { normalize, resolve } from "../node/path.js";
import { files } from "./files.js";

function pathOf(path) {
  // Only a URL object is read as a URL, not a text.
  return normalize(resolve("/", path instanceof URL ? decodeURIComponent(path.pathname) : String(path)));
}

function missing(path, what) {
  const error = new Error(`ENOENT: no such file or directory, ${what} '${path}'`);
  return Object.assign(error, { code: "ENOENT", errno: -2, path: String(path), syscall: what });
}

const isFolder = (path) => {
  const folder = path === "/" ? "/" : `${path}/`;
  return Object.keys(files).some((name) => name.startsWith(folder));
};

export const existsSync = (path) => Object.hasOwn(files, pathOf(path)) || isFolder(pathOf(path));

export function readFileSync(path, options) {
  const content = files[pathOf(path)];
  if (content === undefined) throw missing(path, "open");
  const bytes = typeof content === "string" ? Buffer.from(content) : Buffer.from(content.base64, "base64");
  const encoding = typeof options === "string" ? options : options?.encoding;
  return encoding ? bytes.toString(encoding) : bytes;
}

export function readdirSync(path) {
  const place = pathOf(path);
  if (!isFolder(place)) throw missing(path, "scandir");
  const folder = place === "/" ? "/" : `${place}/`;
  const names = Object.keys(files).filter((name) => name.startsWith(folder));
  return [...new Set(names.map((name) => name.slice(folder.length).split("/")[0]))].sort();
}

export function statSync(path) {
  if (!existsSync(path)) throw missing(path, "stat");
  const isFile = Object.hasOwn(files, pathOf(path));
  return { isDirectory: () => !isFile, isFile: () => isFile, size: isFile ? readFileSync(path).length : 0 };
}

export function accessSync(path) {
  if (!existsSync(path)) throw missing(path, "access");
}

const refuse = (name) => () => {
  throw new ConnectorError(
    `${name} fails: a component can't write files; keep data for the next page in the state`,
  );
};
const WRITES = ["appendFile", "mkdir", "rename", "rm", "unlink", "writeFile"];
const writes = Object.fromEntries(WRITES.map((name) => [`${name}Sync`, refuse(`${name}Sync`)]));

// Each function also exists as a promise and with a callback.
const reads = { access: accessSync, readFile: readFileSync, readdir: readdirSync, stat: statSync };
const asPromises = (all) =>
  Object.fromEntries(Object.entries(all).map(([name, call]) => [name, async (...values) => call(...values)]));
const withCallback =
  (call) =>
  (...values) => {
    const done = values.pop();
    try {
      const result = call(...values);
      queueMicrotask(() => done(null, result));
    } catch (error) {
      queueMicrotask(() => done(error));
    }
  };

export const promises = {
  ...asPromises(reads),
  ...asPromises(Object.fromEntries(WRITES.map((name) => [name, refuse(name)]))),
};
export const [readFile, readdir, stat, access] = [readFileSync, readdirSync, statSync, accessSync].map(withCallback);
export const { appendFileSync, mkdirSync, renameSync, rmSync, unlinkSync, writeFileSync } = writes;
export const [writeFile, appendFile, mkdir] = ["writeFile", "appendFile", "mkdir"].map((name) =>
  withCallback(refuse(name)),
);
export const createWriteStream = refuse("createWriteStream");
export default {
  ...writes,
  access,
  accessSync,
  appendFile,
  createWriteStream,
  existsSync,
  mkdir,
  promises,
  readFile,
  readFileSync,
  readdir,
  readdirSync,
  stat,
  statSync,
  writeFile,
};
