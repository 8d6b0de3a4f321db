import assert from "node:assert/strict";
import { test } from "node:test";

import { clearFreeMemory } from "../../bin/free-memory.js";
import { imageSegments, readImage, segment } from "../../bin/memory-image.js";
import { join, sections, unsigned } from "../../bin/wasm.js";

const HEADER = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
const COMPONENT_HEADER = Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0);
const [MEMORY, DATA] = [5, 11];
const PAGE = 65536;
// The address of the first chunk, as malloc aligns it, and the size of the area after the last one.
const [FIRST, FOOT] = [1032, 56];

const section = (id, content) => join([Uint8Array.of(id), unsigned(content.length), content]);

/** A component with one module, whose memory of one page is `image`. */
function componentOf(image) {
  const segments = imageSegments(image);
  const memory = section(MEMORY, Uint8Array.of(1, 0, 1));
  const module = join([HEADER, memory, section(DATA, join([unsigned(segments.length), ...segments]))]);
  return join([COMPONENT_HEADER, section(1, module)]);
}

function imageOf(component) {
  const [{ content: module }] = sections(component);
  return readImage(sections(module).find(({ id }) => id === DATA).content, PAGE);
}

/**
 * A memory with 60 chunks, in which every byte of a chunk's content is 7. The chunks listed in `free` are free, and
 * linked in a ring; all others are in use. A last chunk, free to the end, follows.
 */
function heap({ free = [], linked = true } = {}) {
  const image = new Uint8Array(PAGE);
  const memory = new DataView(image.buffer);
  const places = Array.from({ length: 60 }, (_, index) => FIRST + index * 64);
  const last = FIRST + 60 * 64;
  const end = PAGE - FOOT;
  image.fill(7, FIRST, end);
  const isFree = (index) => free.includes(index);
  for (const [index, at] of places.entries()) {
    memory.setUint32(at + 4, 64 | (isFree(index - 1) ? 0 : 1) | (isFree(index) ? 0 : 2), true);
  }
  for (const [turn, index] of free.entries()) {
    const neighbor = (step) => places[free[(turn + step + free.length) % free.length]];
    memory.setUint32(places[index] + 8, linked ? neighbor(1) : 0, true);
    memory.setUint32(places[index] + 12, linked ? neighbor(-1) : 0, true);
    memory.setUint32(places[index] + 64, 64, true);
  }
  memory.setUint32(last + 4, (end - last) | 1, true);
  memory.setUint32(end + 4, FOOT, true);
  return { image, places, last, end };
}

test("the content of free chunks is cleared, and nothing else changes", () => {
  const { image, places, last, end } = heap({ free: [3, 5, 30] });
  const expected = image.slice();
  for (const index of [3, 5, 30]) expected.fill(0, places[index] + 16, places[index] + 64);
  expected.fill(0, last + 32, end);
  const component = componentOf(image);
  const smaller = clearFreeMemory(component);
  assert.deepEqual(imageOf(smaller), expected);
  assert.ok(smaller.length < component.length - 50_000);
});

test("a chunk that no list links as free stays unchanged", () => {
  const { image, last, end } = heap({ free: [3, 5], linked: false });
  const expected = image.slice();
  expected.fill(0, last + 32, end);
  assert.deepEqual(imageOf(clearFreeMemory(componentOf(image))), expected);
});

test("a memory that is managed in another way stays unchanged", () => {
  const withoutFoot = heap().image;
  withoutFoot[PAGE - FOOT + 4] = 0;
  const brokenChain = heap();
  brokenChain.image[brokenChain.places[59] + 4] = 0;
  const wrongFlags = heap({ free: [58] });
  wrongFlags.image[wrongFlags.places[59] + 4] |= 1;
  for (const image of [withoutFoot, brokenChain.image, wrongFlags.image, new Uint8Array(PAGE)]) {
    assert.equal(clearFreeMemory(componentOf(image)), undefined);
  }
});

test("an image is restored from its segments, whatever its gaps are", () => {
  const image = new Uint8Array(PAGE);
  for (const at of [0, 1, 9, 18, 28, 300, 20_000, PAGE - 1]) image[at] = 1 + (at % 255);
  const segments = imageSegments(image);
  assert.deepEqual(readImage(join([unsigned(segments.length), ...segments]), PAGE), image);
  // Up to 8 zeros are part of a segment; more are a gap.
  assert.equal(segments.length, 5);
  assert.equal(readImage(join([unsigned(1), segment(PAGE - 1, Uint8Array.of(1, 1))]), PAGE), undefined);
});
