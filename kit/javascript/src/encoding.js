// `TextEncoder` and `TextDecoder` for engines without them. They support UTF-8 and whole texts only.

export class TextEncoder {
  get encoding() {
    return "utf-8";
  }

  encode(text = "") {
    const given = String(text);
    // A UTF-16 unit takes at most three bytes.
    const bytes = new Uint8Array(given.length * 3);
    return bytes.slice(0, this.encodeInto(given, bytes).written);
  }

  encodeInto(text, bytes) {
    let read = 0;
    let written = 0;
    for (const character of String(text).toWellFormed()) {
      const code = character.codePointAt(0);
      const length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
      if (written + length > bytes.length) break;
      if (length === 1) {
        bytes[written++] = code;
      } else {
        bytes[written++] = [0, 0, 0xc0, 0xe0, 0xf0][length] | (code >> (6 * (length - 1)));
        for (let shift = 6 * (length - 2); shift >= 0; shift -= 6) {
          bytes[written++] = 0x80 | ((code >> shift) & 0x3f);
        }
      }
      read += character.length;
    }
    return { read, written };
  }
}

const LABELS = new Set(["utf-8", "utf8", "unicode-1-1-utf-8", "unicode11utf8", "unicode20utf8", "x-unicode20utf8"]);
// How many code points `String.fromCodePoint` receives at once.
const CHUNK = 4096;

export class TextDecoder {
  #fatal;
  #ignoreBOM;

  constructor(label = "utf-8", { fatal = false, ignoreBOM = false } = {}) {
    if (!LABELS.has(String(label).trim().toLowerCase())) {
      throw new RangeError(`TextDecoder supports only utf-8 in a connector, not ${JSON.stringify(String(label))}`);
    }
    this.#fatal = Boolean(fatal);
    this.#ignoreBOM = Boolean(ignoreBOM);
  }

  get encoding() {
    return "utf-8";
  }

  get fatal() {
    return this.#fatal;
  }

  get ignoreBOM() {
    return this.#ignoreBOM;
  }

  decode(input = new Uint8Array(), { stream = false } = {}) {
    if (stream) throw new TypeError("TextDecoder has no streams in a connector: decode all bytes at once");
    const bytes = ArrayBuffer.isView(input)
      ? new Uint8Array(input.buffer, input.byteOffset, input.byteLength)
      : new Uint8Array(input);
    const start = !this.#ignoreBOM && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
    let text = "";
    let codes = [];
    for (let next = start; next < bytes.length;) {
      const { code, length } = codeAt(bytes, next);
      if (code === undefined && this.#fatal) throw new TypeError("the bytes are not valid UTF-8");
      codes.push(code ?? 0xfffd);
      next += length;
      if (codes.length === CHUNK) {
        text += String.fromCodePoint(...codes);
        codes = [];
      }
    }
    return text + String.fromCodePoint(...codes);
  }
}

// The code point at `start`, or the length of its malformed beginning (WHATWG's Encoding Standard, "UTF-8 decoder").
function codeAt(bytes, start) {
  const first = bytes[start];
  if (first < 0x80) return { code: first, length: 1 };
  if (first < 0xc2 || first > 0xf4) return { length: 1 };
  const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  let code = first & (0xff >> (length + 1));
  // The bytes allowed after the first one. They exclude overlong forms and surrogates.
  let low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  let high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  for (let index = 1; index < length; index++) {
    const byte = bytes[start + index];
    if (byte === undefined || byte < low || byte > high) return { length: index };
    code = (code << 6) | (byte & 0x3f);
    low = 0x80;
    high = 0xbf;
  }
  return { code, length };
}
