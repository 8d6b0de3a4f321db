// `Math.random` of a component. The engine's own generator would start each page with the same number, since every page
// starts from the memory that the connector was built with.

let a = 0;
let b = 0;
let c = 0;
let count = 1;

/** Seeds the generator from the clock. Not for secrets. */
export function reseed() {
  const now = Date.now();
  const fine = globalThis.performance?.now?.() ?? 0;
  a = now | 0;
  b = (now / 2 ** 32) | 0;
  c = (fine * 1e6) | 0;
  count = 1;
  for (let round = 0; round < 16; round++) next();
}

// Chris Doty-Humphrey's generator sfc32.
function next() {
  const sum = (((a + b) | 0) + count) | 0;
  count = (count + 1) | 0;
  a = b ^ (b >>> 9);
  b = (c + (c << 3)) | 0;
  c = ((c << 21) | (c >>> 11)) + sum;
  return sum >>> 0;
}

/** A number from 0 (inclusive) to 1 (exclusive). */
export const random = () => next() / 2 ** 32;
