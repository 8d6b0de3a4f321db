// The part of Node's `crypto` that connectors use: digests and HMACs for signed requests, random bytes, constant-time
// comparison.

import { Buffer, bytesOf } from "./buffer.js";
import { Hmac, Digest, names } from "./hashes.js";
import { bytes as randomValues, uuid } from "./random.js";
import { webcrypto } from "./webcrypto.js";

class Hash {
  #digest;
  #done = false;

  constructor(digest) {
    this.#digest = digest;
  }

  update(data, encoding) {
    if (this.#done) throw new Error("the digest has already been calculated");
    this.#digest.update(bytesOf(data, encoding));
    return this;
  }

  digest(encoding) {
    if (this.#done) throw new Error("the digest has already been calculated");
    this.#done = true;
    const digest = Buffer.from(this.#digest.finish());
    return encoding === undefined || encoding === "buffer" ? digest : digest.toString(encoding);
  }

  copy() {
    return new Hash(this.#digest.copy());
  }
}

const keyOf = (key) => (key instanceof Secret ? key.export() : key);

/** A key made by `createSecretKey`. */
class Secret {
  #bytes;

  constructor(bytes) {
    this.#bytes = bytes;
  }

  get type() {
    return "secret";
  }

  get symmetricKeySize() {
    return this.#bytes.length;
  }

  export() {
    return Buffer.from(this.#bytes);
  }
}

export { Secret as KeyObject };
export const createSecretKey = (key, encoding) => new Secret(Uint8Array.from(bytesOf(key, encoding)));
export const createHash = (algorithm) => new Hash(new Digest(algorithm));
export const createHmac = (algorithm, key) => new Hash(new Hmac(algorithm, bytesOf(keyOf(key))));
export const hash = (algorithm, data, encoding = "hex") => createHash(algorithm).update(data).digest(encoding);
export const getHashes = () => names();
export const randomUUID = () => uuid();

export function randomBytes(size, callback) {
  const made = Buffer.from(randomValues(size));
  if (callback === undefined) return made;
  queueMicrotask(() => callback(null, made));
  return undefined;
}

/** A random integer from `least` (inclusive) to `end` (exclusive). */
export function randomInt(least, end, callback) {
  if (end === undefined || typeof end === "function") return randomInt(0, least, end);
  const range = end - least;
  if (!(Number.isSafeInteger(range) && range > 0 && range <= 2 ** 48)) {
    throw new RangeError("randomInt supports ranges of at most 2^48 integers");
  }
  // Values beyond the bound are drawn again, since they would make the first numbers of the range more likely.
  const bound = 2 ** 48 - (2 ** 48 % range);
  let drawn = bound;
  while (drawn >= bound) drawn = randomValues(6).reduce((sum, byte) => sum * 256 + byte, 0);
  const number = least + (drawn % range);
  if (callback === undefined) return number;
  queueMicrotask(() => callback(null, number));
  return undefined;
}

export const randomFillSync = (bytes) => webcrypto.getRandomValues(bytes);

export function timingSafeEqual(one, other) {
  const [first, second] = [bytesOf(one), bytesOf(other)];
  if (first.length !== second.length) throw new RangeError("Input buffers must have the same byte length");
  let differ = 0;
  for (let at = 0; at < first.length; at++) differ |= first[at] ^ second[at];
  return differ === 0;
}

export function pbkdf2Sync(password, salt, iterations, length, algorithm) {
  const [key, bytes] = [bytesOf(password), bytesOf(salt)];
  const parts = [];
  for (let block = 1, made = 0; made < length; block++) {
    const number = new Uint8Array(4);
    new DataView(number.buffer).setUint32(0, block);
    let last = new Hmac(algorithm, key).update(bytes).update(number).finish();
    const sum = last.slice();
    for (let round = 1; round < iterations; round++) {
      last = new Hmac(algorithm, key).update(last).finish();
      for (let at = 0; at < sum.length; at++) sum[at] ^= last[at];
    }
    parts.push(sum);
    made += sum.length;
  }
  return Buffer.concat(parts, length);
}

const SIGNED = 'let the host sign tokens, with a section [auth.NAME] of kind "jwt" in the connector\'s configuration';
const missing = (called, instead) => () => {
  throw new TypeError(`crypto.${called} is not available in a connector: ${instead}`);
};

export const createSign = missing("createSign", SIGNED);
export const createVerify = missing("createVerify", SIGNED);
export const sign = missing("sign", SIGNED);
export const verify = missing("verify", SIGNED);
export const createPrivateKey = missing("createPrivateKey", SIGNED);
export const createPublicKey = missing("createPublicKey", SIGNED);
export const generateKeyPairSync = missing("generateKeyPairSync", SIGNED);
const BUNDLE = "bundle a package in plain JavaScript, such as @noble/ciphers";
export const createCipheriv = missing("createCipheriv", BUNDLE);
export const createDecipheriv = missing("createDecipheriv", BUNDLE);
export const publicEncrypt = missing("publicEncrypt", BUNDLE);
export const privateDecrypt = missing("privateDecrypt", BUNDLE);
export const scryptSync = missing("scryptSync", "bundle a package in plain JavaScript, such as @noble/hashes");
export const { getRandomValues, subtle } = webcrypto;
export const constants = {};
export { webcrypto };
