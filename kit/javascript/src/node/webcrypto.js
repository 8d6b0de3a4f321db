// The global `crypto`: random values, digests and HMAC.

import { bytesOf } from "./buffer.js";
import { Hmac, Digest } from "./hashes.js";
import { bytes as randomBytes, uuid } from "./random.js";

const plainName = (algorithm) => String(algorithm?.name ?? algorithm).toUpperCase();
const hashOf = (algorithm) => plainName(algorithm?.hash ?? algorithm);
// Only the digests of the standard, which doesn't include MD5.
const HASHES = ["SHA-1", "SHA-256", "SHA-384", "SHA-512"];

function checkedHash(algorithm) {
  const hash = hashOf(algorithm);
  if (!HASHES.includes(hash)) throw unsupported(`the digest ${hash}`);
  return hash;
}

function unsupported(what) {
  const message =
    `${what} is not available in a connector: crypto.subtle has digest and HMAC only. The host can sign tokens, with a section ` +
      "[auth.NAME] of the connector's configuration";
  return Object.assign(new Error(message), { name: "NotSupportedError" });
}

function requireHmac(algorithm) {
  if (plainName(algorithm) !== "HMAC") throw unsupported(plainName(algorithm));
}

function code(key, data) {
  return new Hmac(key.algorithm.hash.name, key.bytes).update(bytesOf(data)).finish();
}

const refuse = (called) => async () => {
  throw unsupported(called);
};

export const subtle = {
  async digest(algorithm, data) {
    return new Digest(checkedHash(algorithm)).update(bytesOf(data)).finish().buffer;
  },

  async importKey(format, data, algorithm, extractable, usages) {
    requireHmac(algorithm);
    if (format !== "raw") throw unsupported(`a key in the format ${format}`);
    const name = checkedHash(algorithm);
    return {
      type: "secret",
      algorithm: { name: "HMAC", hash: { name } },
      extractable,
      usages,
      bytes: bytesOf(data).slice(),
    };
  },

  async sign(algorithm, key, data) {
    requireHmac(algorithm);
    return code(key, data).buffer;
  },

  async verify(algorithm, key, signature, data) {
    requireHmac(algorithm);
    const [made, given] = [code(key, data), bytesOf(signature)];
    let differ = made.length ^ given.length;
    for (let at = 0; at < made.length; at++) differ |= made[at] ^ given[at];
    return differ === 0;
  },

  encrypt: refuse("encrypt"),
  decrypt: refuse("decrypt"),
  generateKey: refuse("generateKey"),
  deriveKey: refuse("deriveKey"),
  deriveBits: refuse("deriveBits"),
  exportKey: refuse("exportKey"),
  wrapKey: refuse("wrapKey"),
  unwrapKey: refuse("unwrapKey"),
};

export const webcrypto = {
  subtle,
  getRandomValues(values) {
    if (!ArrayBuffer.isView(values) || /Float|DataView/.test(values.constructor.name)) {
      throw new TypeError("getRandomValues expects a typed array of integers");
    }
    new Uint8Array(values.buffer, values.byteOffset, values.byteLength).set(randomBytes(values.byteLength));
    return values;
  },
  randomUUID: () => uuid(),
};
