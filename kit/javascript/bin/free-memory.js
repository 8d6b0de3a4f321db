// Removes the content of free memory from a component. The engine reads the connector's text before the memory is
// stored, and the memory it has freed by then keeps its content. The text alone is larger than the connector itself.
//
// The memory is managed by wasi-libc's malloc (dlmalloc 2.8), in chunks one after the other. The first word of a chunk
// belongs to the chunk before it. Next is the chunk's size; the lowest bits of this word tell whether the chunk before
// (1) and the chunk itself (2) are in use. A free chunk continues with links to other free chunks, and its size is
// repeated after its end.

import { PAGE, imageSegments, readImage, readMemory } from "./memory-image.js";
import { join, rebuilt, sections, unsigned, withModule } from "./wasm.js";

// Section ids of a module.
const [MEMORY, DATA, DATA_COUNT] = [5, 11, 12];

const ALIGNMENT = 16;
const [BEFORE_IN_USE, IN_USE, FLAGS] = [1, 2, 7];
// The size of the area after the last chunk, which contains only this size.
const FOOT = 56;
// A small chunk has two links; a large one has six words.
const LARGE = 256;
const [SMALL_HEAD, LARGE_HEAD] = [16, 32];
// Any engine's memory has more chunks than this. Fewer may be found by chance.
const FEWEST = 50;

/**
 * The component without the content of its free memory; undefined if its memory isn't managed as in the supported
 * version.
 */
export function clearFreeMemory(component) {
  return withModule(component, cleared);
}

function cleared(module) {
  const found = new Map(sections(module).map(({ id, content }) => [id, content]));
  if (!found.has(MEMORY) || !found.has(DATA)) return undefined;
  const memory = readMemory(found.get(MEMORY));
  const image = memory && readImage(found.get(DATA), memory.pages * PAGE);
  const chunks = image && readChunks(new DataView(image.buffer));
  if (chunks === undefined) return undefined;
  for (const { at, size } of chunks) image.fill(0, at + (size < LARGE ? SMALL_HEAD : LARGE_HEAD), at + size);
  const segments = imageSegments(image);
  const changes = {
    [DATA]: () => join([unsigned(segments.length), ...segments]),
    [DATA_COUNT]: () => unsigned(segments.length),
  };
  return rebuilt(module, (id, content) => changes[id]?.() ?? content);
}

/** The free chunks of a memory. */
function readChunks(memory) {
  const end = memory.byteLength - FOOT;
  if (end < 0 || memory.getUint32(end + 4, true) !== FOOT) return undefined;
  for (let at = ALIGNMENT / 2; at < end; at += ALIGNMENT) {
    const chunks = chunksFrom(memory, at, end);
    if (chunks !== undefined) return chunks.filter((chunk) => isFree(memory, chunk, end));
  }
  return undefined;
}

/** All chunks from this one on; undefined if they don't lead to the end of the memory. */
function chunksFrom(memory, start, end) {
  const chunks = [];
  let isBeforeInUse;
  for (let at = start; at < end;) {
    const word = memory.getUint32(at + 4, true);
    const size = word - (word & FLAGS);
    if (size < ALIGNMENT || size % ALIGNMENT !== 0 || size > end - at) return undefined;
    if (isBeforeInUse !== undefined && isBeforeInUse !== ((word & BEFORE_IN_USE) !== 0)) return undefined;
    isBeforeInUse = (word & IN_USE) !== 0;
    chunks.push({ at, size, isInUse: isBeforeInUse });
    at += size;
  }
  return chunks.length >= FEWEST ? chunks : undefined;
}

/** Whether a chunk is certainly free: it is the last one, or its neighbors in the list of free chunks link to it. */
function isFree(memory, { at, size, isInUse }, end) {
  if (isInUse) return false;
  if (at + size === end) return true;
  const [next, previous] = [memory.getUint32(at + 8, true), memory.getUint32(at + 12, true)];
  if (Math.max(next, previous) > end || memory.getUint32(at + size, true) !== size) return false;
  return memory.getUint32(next + 12, true) === at && memory.getUint32(previous + 8, true) === at;
}
