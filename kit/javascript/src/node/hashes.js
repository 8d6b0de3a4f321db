// Digests of messages: MD5 (RFC 1321), SHA-1, SHA-256 and SHA-512 with their shorter forms (FIPS 180-4), HMAC (RFC 2104).

const SHIFTS_MD5 = [
  [7, 12, 17, 22],
  [5, 9, 14, 20],
  [4, 11, 16, 23],
  [6, 10, 15, 21],
];
const SINES = Int32Array.from({ length: 64 }, (_, index) => Math.floor(Math.abs(Math.sin(index + 1)) * 2 ** 32));

const rotate = (word, bits) => (word << bits) | (word >>> (32 - bits));

function md5(state, block) {
  let [a, b, c, d] = state;
  for (let step = 0; step < 64; step++) {
    const round = step >> 4;
    let mixed;
    let at;
    if (round === 0) [mixed, at] = [(b & c) | (~b & d), step];
    else if (round === 1) [mixed, at] = [(d & b) | (~d & c), (5 * step + 1) & 15];
    else if (round === 2) [mixed, at] = [b ^ c ^ d, (3 * step + 5) & 15];
    else [mixed, at] = [c ^ (b | ~d), (7 * step) & 15];
    const sum = (a + mixed + SINES[step] + block.getInt32(4 * at, true)) | 0;
    [a, d, c, b] = [d, c, b, (b + rotate(sum, SHIFTS_MD5[round][step & 3])) | 0];
  }
  add(state, [a, b, c, d]);
}

const words = new Int32Array(80);

function sha1(state, block) {
  let [a, b, c, d, e] = state;
  for (let at = 0; at < 16; at++) words[at] = block.getInt32(4 * at);
  for (let at = 16; at < 80; at++)
    words[at] = rotate(words[at - 3] ^ words[at - 8] ^ words[at - 14] ^ words[at - 16], 1);
  for (let at = 0; at < 80; at++) {
    let mixed;
    if (at < 20) mixed = ((b & c) | (~b & d)) + 0x5a827999;
    else if (at < 40) mixed = (b ^ c ^ d) + 0x6ed9eba1;
    else if (at < 60) mixed = ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
    else mixed = (b ^ c ^ d) + 0xca62c1d6;
    const sum = (rotate(a, 5) + mixed + e + words[at]) | 0;
    e = d;
    d = c;
    c = rotate(b, 30);
    b = a;
    a = sum;
  }
  add(state, [a, b, c, d, e]);
}

// The first 64 bits of the fractional parts of the cube roots of the first 80 primes. SHA-256 uses the first half of
// each.
const [HIGH, LOW] = cubeRoots();

function cubeRoots() {
  const [high, low] = [new Int32Array(80), new Int32Array(80)];
  const primes = [];
  for (let number = 2; primes.length < 80; number++) {
    if (primes.every((prime) => number % prime !== 0)) primes.push(number);
  }
  primes.forEach((prime, index) => {
    const cube = BigInt(prime) << 192n;
    // Newton's method, starting above the root.
    let root = 1n << 67n;
    for (;;) {
      const next = (2n * root + cube / (root * root)) / 3n;
      if (next >= root) break;
      root = next;
    }
    high[index] = Number(BigInt.asIntN(32, root >> 32n));
    low[index] = Number(BigInt.asIntN(32, root));
  });
  return [high, low];
}

function sha256(state, block) {
  let [a, b, c, d, e, f, g, h] = state;
  for (let at = 0; at < 16; at++) words[at] = block.getInt32(4 * at);
  for (let at = 16; at < 64; at++) {
    const [early, late] = [words[at - 15], words[at - 2]];
    const first = rotate(early, 25) ^ rotate(early, 14) ^ (early >>> 3);
    const second = rotate(late, 15) ^ rotate(late, 13) ^ (late >>> 10);
    words[at] = (words[at - 16] + first + words[at - 7] + second) | 0;
  }
  for (let at = 0; at < 64; at++) {
    const first = rotate(e, 26) ^ rotate(e, 21) ^ rotate(e, 7);
    const one = (h + first + ((e & f) ^ (~e & g)) + HIGH[at] + words[at]) | 0;
    const second = rotate(a, 30) ^ rotate(a, 19) ^ rotate(a, 10);
    const two = (second + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + one) | 0;
    d = c;
    c = b;
    b = a;
    a = (one + two) | 0;
  }
  add(state, [a, b, c, d, e, f, g, h]);
}

function add(state, values) {
  for (let at = 0; at < values.length; at++) state[at] = (state[at] + values[at]) | 0;
}

const lowWords = new Int32Array(80);

// 64-bit words are pairs, higher half first. The state consists of eight such pairs.
function sha512(state, block) {
  for (let at = 0; at < 16; at++) {
    words[at] = block.getInt32(8 * at);
    lowWords[at] = block.getInt32(8 * at + 4);
  }
  for (let at = 16; at < 80; at++) {
    const [eh, el, lh, ll] = [words[at - 15], lowWords[at - 15], words[at - 2], lowWords[at - 2]];
    const firstHigh = right(eh, el, 1) ^ right(eh, el, 8) ^ (eh >>> 7);
    const firstLow = right(el, eh, 1) ^ right(el, eh, 8) ^ ((el >>> 7) | (eh << 25));
    const secondHigh = right(lh, ll, 19) ^ right(ll, lh, 29) ^ (lh >>> 6);
    const secondLow = right(ll, lh, 19) ^ right(lh, ll, 29) ^ ((ll >>> 6) | (lh << 26));
    const low = (lowWords[at - 16] >>> 0) + (firstLow >>> 0) + (lowWords[at - 7] >>> 0) + (secondLow >>> 0);
    words[at] = words[at - 16] + firstHigh + words[at - 7] + secondHigh + Math.floor(low / 2 ** 32);
    lowWords[at] = low;
  }
  const v = Int32Array.from(state);
  for (let at = 0; at < 80; at++) {
    const [ah, al, bh, bl, ch, cl] = v;
    const [eh, el, fh, fl, gh, gl] = v.subarray(8);
    const firstHigh = right(eh, el, 14) ^ right(eh, el, 18) ^ right(el, eh, 9);
    const firstLow = right(el, eh, 14) ^ right(el, eh, 18) ^ right(eh, el, 9);
    const chosenHigh = (eh & fh) ^ (~eh & gh);
    const chosenLow = (el & fl) ^ (~el & gl);
    const oneLow = (v[15] >>> 0) + (firstLow >>> 0) + (chosenLow >>> 0) + (LOW[at] >>> 0) + (lowWords[at] >>> 0);
    const oneHigh = v[14] + firstHigh + chosenHigh + HIGH[at] + words[at] + Math.floor(oneLow / 2 ** 32);
    const secondHigh = right(ah, al, 28) ^ right(al, ah, 2) ^ right(al, ah, 7);
    const secondLow = right(al, ah, 28) ^ right(ah, al, 2) ^ right(ah, al, 7);
    const majorHigh = (ah & bh) ^ (ah & ch) ^ (bh & ch);
    const majorLow = (al & bl) ^ (al & cl) ^ (bl & cl);
    const twoLow = (secondLow >>> 0) + (majorLow >>> 0);
    const twoHigh = secondHigh + majorHigh + Math.floor(twoLow / 2 ** 32);
    const [dh, dl] = [v[6], v[7]];
    v.copyWithin(2, 0, 14);
    const eLow = (dl >>> 0) + (oneLow % 2 ** 32);
    v[9] = eLow;
    v[8] = dh + oneHigh + Math.floor(eLow / 2 ** 32);
    const aLow = (oneLow % 2 ** 32) + (twoLow % 2 ** 32);
    v[1] = aLow;
    v[0] = oneHigh + twoHigh + Math.floor(aLow / 2 ** 32);
  }
  for (let at = 0; at < 16; at += 2) {
    const low = (state[at + 1] >>> 0) + (v[at + 1] >>> 0);
    state[at + 1] = low;
    state[at] = state[at] + v[at] + Math.floor(low / 2 ** 32);
  }
}

/** The higher half of a pair rotated to the right. With the halves exchanged, it is the lower one. */
const right = (high, low, bits) => (high >>> bits) | (low << (32 - bits));

const SHA_1 = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];
const SHA_224 = [0xc1059ed8, 0x367cd507, 0x3070dd17, 0xf70e5939, 0xffc00b31, 0x68581511, 0x64f98fa7, 0xbefa4fa4];
const SHA_256 = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];
const SHA_384 = [
  0xcbbb9d5d, 0xc1059ed8, 0x629a292a, 0x367cd507, 0x9159015a, 0x3070dd17, 0x152fecd8, 0xf70e5939, 0x67332667,
  0xffc00b31, 0x8eb44a87, 0x68581511, 0xdb0c2e0d, 0x64f98fa7, 0x47b5481d, 0xbefa4fa4,
];
const SHA_512 = [
  0x6a09e667, 0xf3bcc908, 0xbb67ae85, 0x84caa73b, 0x3c6ef372, 0xfe94f82b, 0xa54ff53a, 0x5f1d36f1, 0x510e527f,
  0xade682d1, 0x9b05688c, 0x2b3e6c1f, 0x1f83d9ab, 0xfb41bd6b, 0x5be0cd19, 0x137e2179,
];

/** Each algorithm with its step function, initial state, block and digest size in bytes, and byte order. */
const ALGORITHMS = new Map([
  ["md5", { step: md5, start: SHA_1.slice(0, 4), block: 64, bytes: 16, isLittle: true }],
  ["sha1", { step: sha1, start: SHA_1, block: 64, bytes: 20 }],
  ["sha224", { step: sha256, start: SHA_224, block: 64, bytes: 28 }],
  ["sha256", { step: sha256, start: SHA_256, block: 64, bytes: 32 }],
  ["sha384", { step: sha512, start: SHA_384, block: 128, bytes: 48 }],
  ["sha512", { step: sha512, start: SHA_512, block: 128, bytes: 64 }],
]);

/** The names of all algorithms, such as `sha256`. */
export const names = () => [...ALGORITHMS.keys()];

/**
 * A digest that is being calculated. `name` is an algorithm's name, in any case, with or without a hyphen: `SHA-256`.
 */
export class Digest {
  #algorithm;
  #state;
  #block;
  #filled = 0;
  #length = 0;

  constructor(name) {
    const algorithm = ALGORITHMS.get(
      String(name)
        .toLowerCase()
        .replace(/^(rsa-)?sha-?/, "sha"),
    );
    if (algorithm === undefined) {
      throw new TypeError(`the digest ${JSON.stringify(String(name))} is not available; use one of ${names().join(", ")}`);
    }
    this.#algorithm = algorithm;
    this.#state = Int32Array.from(algorithm.start);
    this.#block = new Uint8Array(algorithm.block);
  }

  /** The block size in bytes, to which HMAC pads its keys. */
  get blockLength() {
    return this.#block.length;
  }

  update(bytes) {
    this.#length += bytes.length;
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + this.#block.length - this.#filled);
      this.#block.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === this.#block.length) this.#step();
    }
    return this;
  }

  #step() {
    this.#algorithm.step(this.#state, new DataView(this.#block.buffer));
    this.#filled = 0;
  }

  /** Returns the digest's bytes. Nothing can be added afterwards. */
  finish() {
    const { isLittle = false, bytes } = this.#algorithm;
    const bits = [Math.floor(this.#length / 2 ** 29), this.#length << 3];
    this.#block[this.#filled] = 0x80;
    this.#block.fill(0, this.#filled + 1);
    // The length takes 8 bytes, or 16 with long blocks.
    if (this.#filled >= this.#block.length - this.#block.length / 8) {
      this.#step();
      this.#block.fill(0);
    }
    const end = new DataView(this.#block.buffer, this.#block.length - 8);
    end.setUint32(isLittle ? 4 : 0, bits[0], isLittle);
    end.setInt32(isLittle ? 0 : 4, bits[1], isLittle);
    this.#step();
    const digest = new DataView(new ArrayBuffer(4 * this.#state.length));
    this.#state.forEach((word, at) => digest.setInt32(4 * at, word, isLittle));
    return new Uint8Array(digest.buffer).slice(0, bytes);
  }

  /** A copy that continues from the current state. */
  copy() {
    const other = new Digest("md5");
    other.#algorithm = this.#algorithm;
    other.#state = this.#state.slice();
    other.#block = this.#block.slice();
    other.#filled = this.#filled;
    other.#length = this.#length;
    return other;
  }
}

/** The HMAC of a key that is being calculated. */
export class Hmac {
  #inner;
  #outer;

  constructor(name, key) {
    this.#inner = new Digest(name);
    this.#outer = new Digest(name);
    const length = this.#inner.blockLength;
    const short = key.length > length ? new Digest(name).update(key).finish() : key;
    const pad = (byte) => Uint8Array.from({ length }, (_, at) => (short[at] ?? 0) ^ byte);
    this.#inner.update(pad(0x36));
    this.#outer.update(pad(0x5c));
  }

  update(bytes) {
    this.#inner.update(bytes);
    return this;
  }

  finish() {
    return this.#outer.update(this.#inner.finish()).finish();
  }
}
