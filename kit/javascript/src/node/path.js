// Node's `path` in its POSIX form. A connector has no files, but URLs and keys have paths, too.

import * as all from "./path.js";

export const sep = "/";
export const delimiter = ":";

export const isAbsolute = (path) => path.startsWith("/");

export function normalize(path) {
  const parts = [];
  for (const part of path.split("/")) {
    if (part === "..") {
      if (parts.length > 0 && parts.at(-1) !== "..") parts.pop();
      else if (!isAbsolute(path)) parts.push(part);
    } else if (part !== "" && part !== ".") {
      parts.push(part);
    }
  }
  const middle = parts.join("/");
  const end = middle !== "" && path.endsWith("/") ? "/" : "";
  return `${isAbsolute(path) ? "/" : ""}${middle}${end}` || ".";
}

export const join = (...paths) => normalize(paths.filter(Boolean).join("/") || ".");

export function resolve(...paths) {
  const from = paths.findLastIndex(isAbsolute);
  const whole = normalize(`/${paths.slice(Math.max(from, 0)).filter(Boolean).join("/")}`);
  return whole.length > 1 ? whole.replace(/\/$/, "") : whole;
}

export function dirname(path) {
  const plain = path.replace(/(?<=.)\/+$/, "");
  const at = plain.lastIndexOf("/");
  if (at < 0) return ".";
  return plain.slice(0, at).replace(/(?<=.)\/+$/, "") || "/";
}

export function basename(path, suffix = "") {
  const name = path.replace(/\/+$/, "").replace(/^.*\//s, "");
  return suffix !== "" && name !== suffix && name.endsWith(suffix) ? name.slice(0, -suffix.length) : name;
}

export function extname(path) {
  const name = basename(path);
  return name === ".." ? "" : (/.(\.[^.]*)$/s.exec(name)?.[1] ?? "");
}

export function parse(path) {
  const [base, ext] = [basename(path), extname(path)];
  const dir = path.includes("/") ? dirname(path) : "";
  return { root: isAbsolute(path) ? "/" : "", dir, base, ext, name: ext === "" ? base : base.slice(0, -ext.length) };
}

export function relative(from, to) {
  const [one, other] = [from, to].map((path) => resolve(path).split("/").filter(Boolean));
  let shared = 0;
  while (shared < one.length && one[shared] === other[shared]) shared++;
  return [...one.slice(shared).map(() => ".."), ...other.slice(shared)].join("/");
}

export { all as posix };
