// Node's `url` without its legacy API, which `new URL(…)` replaces.

const { URL, URLSearchParams } = globalThis;
export { URL, URLSearchParams };

export function format(url) {
  if (typeof url === "string" || url instanceof URL) return String(url);
  throw new TypeError("url.format expects a URL in a connector: change its pathname and searchParams instead");
}

export const resolve = (from, to) => new URL(to, from).href;

export function parse() {
  throw new TypeError("url.parse is not available in a connector: use new URL(…)");
}

export function fileURLToPath() {
  throw new TypeError("url.fileURLToPath is not available: a connector has no files");
}

export const pathToFileURL = fileURLToPath;
