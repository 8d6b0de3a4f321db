// The initial memory of a module, with which a component begins each call.

import { Reader, join, signed, unsigned } from "./wasm.js";

export const PAGE = 65536;

export const I32_CONST = 0x41;
export const END = 0x0b;
// A segment with an address in the first memory.
const ACTIVE = 0;
// A segment has about this many bytes of overhead, so shorter gaps cost less than another segment.
const SHORTEST_GAP = 8;

/** The only memory, without a maximum: its initial number of pages, and the place of this number. */
export function readMemory(content) {
  const reader = new Reader(content);
  if (reader.unsigned() !== 1 || reader.byte() !== 0) return undefined;
  const begin = reader.at;
  return { pages: reader.unsigned(), begin, end: reader.at };
}

/** The memory as the module's data fills it; undefined if the data has another form. */
export function readImage(content, size) {
  const image = new Uint8Array(size);
  const reader = new Reader(content);
  for (let left = reader.unsigned(); left > 0; left--) {
    if (reader.byte() !== ACTIVE || reader.byte() !== I32_CONST) return undefined;
    const address = reader.signed();
    if (reader.byte() !== END) return undefined;
    const bytes = reader.take(reader.unsigned());
    if (address + bytes.length > size) return undefined;
    image.set(bytes, address);
  }
  return image;
}

/** A data segment. */
export const segment = (address, bytes) =>
  join([Uint8Array.of(ACTIVE, I32_CONST), signed(address), Uint8Array.of(END), unsigned(bytes.length), bytes]);

/** The segments that fill a memory with the image, except for its gaps. */
export function imageSegments(image) {
  const found = [];
  // The current segment: its beginning, and the end after its last byte that isn't 0.
  let begin = 0;
  let end = 0;
  const finish = () => {
    if (end > begin) found.push(segment(begin, image.subarray(begin, end)));
  };
  for (let at = 0; at < image.length; at++) {
    if (image[at] === 0) continue;
    if (at - end > SHORTEST_GAP) {
      finish();
      begin = at;
    }
    end = at + 1;
  }
  finish();
  return found;
}
