// Node's `querystring`.

export const escape = (text) => encodeURIComponent(String(text).toWellFormed());

export function unescape(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    // Text that isn't encoded correctly stays unchanged.
    return text;
  }
}

export function parse(text, separator = "&", equals = "=", { maxKeys = 1000 } = {}) {
  const found = Object.create(null);
  const parts = String(text).split(separator).filter(Boolean);
  for (const part of maxKeys > 0 ? parts.slice(0, maxKeys) : parts) {
    const at = part.indexOf(equals);
    const plain = (one) => unescape(one.replace(/\+/g, " "));
    const key = plain(at < 0 ? part : part.slice(0, at));
    const value = at < 0 ? "" : plain(part.slice(at + equals.length));
    if (!(key in found)) found[key] = value;
    else if (Array.isArray(found[key])) found[key].push(value);
    else found[key] = [found[key], value];
  }
  return found;
}

function asText(value) {
  if (typeof value === "string") return value;
  if (typeof value === "bigint" || typeof value === "boolean") return String(value);
  return Number.isFinite(value) ? String(value) : "";
}

export function stringify(values, separator = "&", equals = "=") {
  return Object.entries(values ?? {})
    .flatMap(([key, value]) => (Array.isArray(value) ? value : [value]).map((one) => [key, asText(one)]))
    .map(([key, value]) => `${escape(key)}${equals}${escape(value)}`)
    .join(separator);
}

export { parse as decode, stringify as encode };
