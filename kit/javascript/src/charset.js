// Decodes a body to text: by its byte-order mark, else as UTF-8 if it is valid, else by the declared charset. A body
// that can't be decoded in any of these ways is an error. No byte is replaced by U+FFFD.

import { SINGLE_BYTE } from "./charset-tables.js";
import { TextDecoder, TextEncoder } from "./encoding.js";

const LITTLE = new Set(["utf-16", "utf-16le", "ucs-2", "iso-10646-ucs-2", "unicode", "csunicode", "unicodefeff"]);
const BIG = new Set(["utf-16be", "unicodefffe"]);
const UTF_8 = new Set(["utf-8", "utf8", "unicode-1-1-utf-8", "x-unicode20utf8"]);
// How many codes `String.fromCharCode` receives at once.
const CHUNK = 4096;

/** The charset that a header `Content-Type` declares, in lower case. */
export function declared(contentType) {
  const found = /[;,]\s*charset\s*=\s*["']?\s*([^\s"';,]+)/i.exec(`;${contentType ?? ""}`);
  return found?.[1].toLowerCase();
}

/** The text of a contract's body. `fail` throws an error whose message continues "the body is". */
export function bodyText({ tag, val }, contentType, fail) {
  const label = declared(contentType);
  const isWide = LITTLE.has(label) || BIG.has(label);
  const text = tag === "text" ? val.replace(/^\ufeff/, "") : utf8(val);
  // ASCII in UTF-16 is valid UTF-8 too, but its text would have a zero next to each letter.
  if (text !== undefined && !(isWide && text.includes("\0"))) return text;
  const bytes = tag === "text" ? new TextEncoder().encode(val) : val;
  const malformed = (charset) => fail(`not valid text in the charset ${JSON.stringify(charset)}`);
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return wide(bytes.subarray(2), true) ?? malformed("utf-16le");
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return wide(bytes.subarray(2), false) ?? malformed("utf-16be");
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return malformed("utf-8");
  if (isWide) return wide(bytes, LITTLE.has(label)) ?? malformed(label);
  if (label === undefined) return fail("not valid UTF-8, and no charset is declared");
  if (UTF_8.has(label)) return malformed(label);
  const table = SINGLE_BYTE.find(([labels]) => labels.split(" ").includes(label));
  if (table !== undefined) return singleByte(bytes, table[1]) ?? malformed(label);
  return fail(`not valid UTF-8, and its declared charset ${JSON.stringify(label)} is not supported by this kit`);
}

function utf8(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function fromUnits(units) {
  let text = "";
  for (let at = 0; at < units.length; at += CHUNK) text += String.fromCharCode(...units.slice(at, at + CHUNK));
  return text;
}

function wide(bytes, isLittle) {
  if (bytes.length % 2 !== 0) return undefined;
  const units = [];
  for (let at = 0; at < bytes.length; at += 2) {
    units.push(isLittle ? bytes[at] | (bytes[at + 1] << 8) : (bytes[at] << 8) | bytes[at + 1]);
  }
  const text = fromUnits(units);
  // Half of a surrogate pair is not a character.
  return text.isWellFormed() ? text : undefined;
}

function singleByte(bytes, upper) {
  const first = 0x100 - upper.length;
  const units = [];
  for (const byte of bytes) {
    const unit = byte < first ? byte : upper.charCodeAt(byte - first);
    if (unit === 0xfffd) return undefined;
    units.push(unit);
  }
  return fromUnits(units);
}
