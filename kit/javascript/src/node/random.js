// Random bytes for secrets, from the host. A component that uses them imports `wasi:random`. In tests they come from
// Node.

import { getRandomU64 } from "#random";
import { requireRunning } from "../running.js";

/** Returns this number of random bytes. */
export function bytes(length) {
  requireRunning("random bytes");
  const words = new Uint32Array(Math.ceil(length / 4));
  // The higher half, since the engine returns 64-bit integers as Numbers, which lose the lowest bits.
  for (let at = 0; at < words.length; at++) words[at] = Number(BigInt(getRandomU64()) >> 32n);
  return new Uint8Array(words.buffer, 0, length).slice();
}

/** A random UUID (RFC 9562, version 4). */
export function uuid() {
  const made = bytes(16);
  made[6] = (made[6] & 0x0f) | 0x40;
  made[8] = (made[8] & 0x3f) | 0x80;
  const digits = Array.from(made, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
