// Takes out of a component what its free memory holds. The engine reads the connector's text before the memory is stored, and
// what it gives back by then keeps its content: with the text alone that is more than the connector itself takes.
//
// The memory is managed by wasi-libc's malloc (dlmalloc 2.8). From its first chunk on, each says where the next one begins:
// a word that belongs to the chunk before, and the size, the lowest bits of which tell whether the chunk before (1) and this
// one (2) are in use. A free chunk goes on with the words that link it to others, and its size stands again behind it.

import { PAGE, imageSegments, readImage, readMemory } from "./memory-image.js";
import { join, rebuilt, sections, unsigned, withModule } from "./wasm.js";

// Of a module.
const [MEMORY, DATA, DATA_COUNT] = [5, 11, 12];

const ALIGNMENT = 16;
const [BEFORE_IN_USE, IN_USE, FLAGS] = [1, 2, 7];
// What stands behind the last chunk, with its own size as the only word.
const FOOT = 56;
// A small chunk has two links, a large one six words.
const LARGE = 256;
const [SMALL_HEAD, LARGE_HEAD] = [16, 32];
// Fewer chunks than any engine's memory has: so few may be there by chance.
const FEWEST = 50;

/** The component without the content of its free memory; undefined where the memory isn't managed as in the known version. */
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

/** All chunks from this one on; undefined where they don't lead to the end. */
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

/** Whether a chunk is free for sure: it is the last one, or its neighbors in the list of such chunks know it too. */
function isFree(memory, { at, size, isInUse }, end) {
  if (isInUse) return false;
  if (at + size === end) return true;
  const [next, previous] = [memory.getUint32(at + 8, true), memory.getUint32(at + 12, true)];
  if (Math.max(next, previous) > end || memory.getUint32(at + size, true) !== size) return false;
  return memory.getUint32(next + 12, true) === at && memory.getUint32(previous + 8, true) === at;
}
