// Node's `Buffer`: bytes that can be converted to text and back in several encodings.

import { TextDecoder, TextEncoder } from "../encoding.js";

const utf8 = new TextEncoder();
const CHUNK = 4096;

function name(encoding = "utf8") {
  const known = { "utf-8": "utf8", binary: "latin1", ucs2: "utf16le", "ucs-2": "utf16le", "utf-16le": "utf16le" };
  const lower = String(encoding).toLowerCase();
  const found = known[lower] ?? lower;
  if (!Object.hasOwn(ENCODINGS, found)) throw new TypeError(`Unknown encoding: ${encoding}`);
  return found;
}

function fromCodes(codes) {
  let text = "";
  for (let at = 0; at < codes.length; at += CHUNK) text += String.fromCharCode(...codes.subarray(at, at + CHUNK));
  return text;
}

const toCodes = (text) => Uint8Array.from(text, (character) => character.charCodeAt(0));

// As in Node: reads both alphabets up to the first `=`, and skips all other characters.
function fromBase64(text) {
  const plain = text
    .replace(/=[^]*$/, "")
    .replace(/-/g, "+")
    .replace(/_/g, "/")
    .replace(/[^A-Za-z0-9+/]/g, "");
  return toCodes(atob(plain.length % 4 === 1 ? plain.slice(0, -1) : plain));
}

const toBase64 = (bytes) => btoa(fromCodes(bytes));

const ENCODINGS = {
  utf8: {
    write: (text) => utf8.encode(text),
    read: (bytes) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes),
  },
  latin1: { write: (text) => toCodes16(text, (code) => code & 255), read: fromCodes },
  ascii: {
    write: (text) => toCodes16(text, (code) => code & 255),
    read: (bytes) => fromCodes(bytes.map((byte) => byte & 127)),
  },
  hex: {
    write(text) {
      const digits = /^(?:[0-9a-f]{2})*/i.exec(text)[0];
      return Uint8Array.from({ length: digits.length / 2 }, (_, at) =>
        Number.parseInt(digits.slice(2 * at, 2 * at + 2), 16),
      );
    },
    read: (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(""),
  },
  base64: { write: fromBase64, read: toBase64 },
  base64url: {
    write: fromBase64,
    read: (bytes) => toBase64(bytes).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, ""),
  },
  utf16le: {
    write(text) {
      const bytes = new DataView(new ArrayBuffer(2 * text.length));
      for (let at = 0; at < text.length; at++) bytes.setUint16(2 * at, text.charCodeAt(at), true);
      return new Uint8Array(bytes.buffer);
    },
    read(bytes) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      let text = "";
      for (let at = 0; at + 1 < bytes.length; at += 2) text += String.fromCharCode(view.getUint16(at, true));
      return text;
    },
  },
};

function toCodes16(text, change) {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = change(text.charCodeAt(at));
  return bytes;
}

/** The bytes of a text in an encoding, or of a buffer, typed array or ArrayBuffer. */
export function bytesOf(value, encoding) {
  if (typeof value === "string") return ENCODINGS[name(encoding)].write(value);
  if (value instanceof Uint8Array) return value;
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  throw new TypeError("expected a text, a Buffer, a typed array or an ArrayBuffer");
}

export class Buffer extends Uint8Array {
  static from(value, encoding, length) {
    if (typeof value === "string") return made(ENCODINGS[name(encoding)].write(value));
    if (value instanceof ArrayBuffer) return new Buffer(value, encoding, length);
    if (value?.type === "Buffer" && Array.isArray(value.data)) return made(Uint8Array.from(value.data));
    if (value !== null && typeof value === "object") return made(Uint8Array.from(value));
    throw new TypeError("Buffer.from expects a text, an array, a Buffer or an ArrayBuffer");
  }

  static alloc(length, fill, encoding) {
    const buffer = new Buffer(length);
    return fill === undefined ? buffer : buffer.fill(fill, encoding);
  }

  static allocUnsafe(length) {
    return new Buffer(length);
  }

  static allocUnsafeSlow(length) {
    return new Buffer(length);
  }

  static concat(list, total) {
    const whole = new Buffer(total ?? list.reduce((sum, bytes) => sum + bytes.length, 0));
    let at = 0;
    for (const bytes of list) {
      whole.set(bytes.subarray(0, whole.length - at), at);
      at = Math.min(at + bytes.length, whole.length);
    }
    return whole;
  }

  static byteLength(value, encoding) {
    return bytesOf(value, encoding).length;
  }

  static isBuffer(value) {
    return value instanceof Buffer;
  }

  static isEncoding(encoding) {
    try {
      return name(encoding) !== undefined;
    } catch {
      return false;
    }
  }

  static compare(one, other) {
    const length = Math.min(one.length, other.length);
    for (let at = 0; at < length; at++) if (one[at] !== other[at]) return one[at] < other[at] ? -1 : 1;
    return Math.sign(one.length - other.length);
  }

  compare(other) {
    return Buffer.compare(this, other);
  }

  equals(other) {
    return Buffer.compare(this, other) === 0;
  }

  toString(encoding, start = 0, end = this.length) {
    return ENCODINGS[name(encoding)].read(Uint8Array.prototype.subarray.call(this, start, end));
  }

  toJSON() {
    return { type: "Buffer", data: Array.from(this) };
  }

  // Unlike that of typed arrays, the slice shares its memory with the buffer, as in Node.
  slice(start, end) {
    return this.subarray(start, end);
  }

  copy(target, at = 0, start = 0, end = this.length) {
    const part = this.subarray(start, Math.min(end, start + target.length - at));
    target.set(part, at);
    return part.length;
  }

  write(text, at = 0, length = this.length - at, encoding = "utf8") {
    if (typeof at === "string") return this.write(text, 0, this.length, at);
    if (typeof length === "string") return this.write(text, at, this.length - at, length);
    const part = bytesOf(text, encoding).subarray(0, Math.min(length, this.length - at));
    this.set(part, at);
    return part.length;
  }

  fill(value, start = 0, end = this.length, encoding = "utf8") {
    if (typeof start === "string") return this.fill(value, 0, this.length, start);
    if (typeof value === "number") return super.fill(value, start, end);
    const bytes = bytesOf(value, encoding);
    for (let at = start; at < end; at++) this[at] = bytes[(at - start) % bytes.length] ?? 0;
    return this;
  }

  indexOf(value, from = 0, encoding = "utf8") {
    if (typeof value === "number") return super.indexOf(value, from);
    const bytes = bytesOf(value, encoding);
    for (let at = from; at + bytes.length <= this.length; at++) {
      if (bytes.every((byte, index) => this[at + index] === byte)) return at;
    }
    return -1;
  }

  includes(value, from, encoding) {
    return this.indexOf(value, from, encoding) !== -1;
  }
}

function made(bytes) {
  return new Buffer(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

// Methods such as `readUInt32BE(at)`, and `writeUInt32BE(value, at)`, which returns the place after the value.
const NUMBERS = {
  UInt8: ["Uint8", 1],
  Int8: ["Int8", 1],
  UInt16: ["Uint16", 2],
  Int16: ["Int16", 2],
  UInt32: ["Uint32", 4],
  Int32: ["Int32", 4],
  BigUInt64: ["BigUint64", 8],
  BigInt64: ["BigInt64", 8],
  Float: ["Float32", 4],
  Double: ["Float64", 8],
};
const viewOf = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
for (const [called, [type, size]] of Object.entries(NUMBERS)) {
  for (const order of size === 1 ? [""] : ["LE", "BE"]) {
    const read = function (at = 0) {
      return viewOf(this)[`get${type}`](at, order === "LE");
    };
    const write = function (value, at = 0) {
      viewOf(this)[`set${type}`](at, value, order === "LE");
      return at + size;
    };
    for (const [verb, run] of [
      ["read", read],
      ["write", write],
    ]) {
      for (const spelled of [called, called.replace("UInt", "Uint")]) {
        Object.defineProperty(Buffer.prototype, `${verb}${spelled}${order}`, {
          value: run,
          configurable: true,
          writable: true,
        });
      }
    }
  }
}

const { atob, btoa } = globalThis;
export { atob, btoa };
export default { Buffer, atob, btoa };
