// What connectors use of Node's `crypto`: digests and HMACs for signed requests, random bytes, comparison in constant time.

import { Buffer, bytesOf } from "./buffer.js";
import { Code, Digest, names } from "./hashes.js";
import { bytes as randomOnes, uuid } from "./random.js";
import { webcrypto } from "./webcrypto.js";

class Making {
  #made;
  #done = false;

  constructor(made) {
    this.#made = made;
  }

  update(data, encoding) {
    if (this.#done) throw new Error("the digest was taken already");
    this.#made.update(bytesOf(data, encoding));
    return this;
  }

  digest(encoding) {
    if (this.#done) throw new Error("the digest was taken already");
    this.#done = true;
    const digest = Buffer.from(this.#made.finish());
    return encoding === undefined || encoding === "buffer" ? digest : digest.toString(encoding);
  }

  copy() {
    return new Making(this.#made.copy());
  }
}

const keyOf = (key) => (key instanceof Secret ? key.export() : key);

/** A key, as `createSecretKey` makes it. */
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
export const createHash = (algorithm) => new Making(new Digest(algorithm));
export const createHmac = (algorithm, key) => new Making(new Code(algorithm, bytesOf(keyOf(key))));
export const hash = (algorithm, data, encoding = "hex") => createHash(algorithm).update(data).digest(encoding);
export const getHashes = () => names();
export const randomUUID = () => uuid();

export function randomBytes(size, callback) {
  const made = Buffer.from(randomOnes(size));
  if (callback === undefined) return made;
  queueMicrotask(() => callback(null, made));
  return undefined;
}

/** A whole number from `least` up to `end`, without it. */
export function randomInt(least, end, callback) {
  if (end === undefined || typeof end === "function") return randomInt(0, least, end);
  const range = end - least;
  if (!(Number.isSafeInteger(range) && range > 0 && range <= 2 ** 48)) {
    throw new RangeError("randomInt takes a range of at most 2^48 whole numbers");
  }
  // Those that would make the first numbers of the range more likely are thrown again.
  const bound = 2 ** 48 - (2 ** 48 % range);
  let drawn = bound;
  while (drawn >= bound) drawn = randomOnes(6).reduce((sum, byte) => sum * 256 + byte, 0);
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
    let last = new Code(algorithm, key).update(bytes).update(number).finish();
    const sum = last.slice();
    for (let round = 1; round < iterations; round++) {
      last = new Code(algorithm, key).update(last).finish();
      for (let at = 0; at < sum.length; at++) sum[at] ^= last[at];
    }
    parts.push(sum);
    made += sum.length;
  }
  return Buffer.concat(parts, length);
}

const SIGNED = "sign tokens and requests by a section [auth.NAME] of the connector's configuration: the host has jwt";
const missing = (called, instead) => () => {
  throw new TypeError(`crypto.${called} is not there in a connector: ${instead}`);
};

export const createSign = missing("createSign", SIGNED);
export const createVerify = missing("createVerify", SIGNED);
export const sign = missing("sign", SIGNED);
export const verify = missing("verify", SIGNED);
export const createPrivateKey = missing("createPrivateKey", SIGNED);
export const createPublicKey = missing("createPublicKey", SIGNED);
export const generateKeyPairSync = missing("generateKeyPairSync", SIGNED);
const BUNDLE = "a package in plain JavaScript can be bundled, such as @noble/ciphers";
export const createCipheriv = missing("createCipheriv", BUNDLE);
export const createDecipheriv = missing("createDecipheriv", BUNDLE);
export const publicEncrypt = missing("publicEncrypt", BUNDLE);
export const privateDecrypt = missing("privateDecrypt", BUNDLE);
export const scryptSync = missing("scryptSync", "a package in plain JavaScript can be bundled, such as @noble/hashes");
export const { getRandomValues, subtle } = webcrypto;
export const constants = {};
export { webcrypto };
