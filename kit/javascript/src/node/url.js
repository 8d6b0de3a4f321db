// Node's `url`, without its older way of reading: `new URL(…)` is for that.

const { URL, URLSearchParams } = globalThis;
export { URL, URLSearchParams };

export function format(url) {
  if (typeof url === "string" || url instanceof URL) return String(url);
  throw new TypeError("url.format takes a URL here: change one's pathname and searchParams");
}

export const resolve = (from, to) => new URL(to, from).href;

export function parse() {
  throw new TypeError("url.parse is not there in a connector: use new URL(…)");
}

export function fileURLToPath() {
  throw new TypeError("a connector has no files: url.fileURLToPath is not there");
}

export const pathToFileURL = fileURLToPath;
