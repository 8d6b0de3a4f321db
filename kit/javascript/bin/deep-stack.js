// Enables deeper recursion in a component with QuickJS. The engine has a stack of 1 MB and doesn't check its end: 3,500
// plain calls fit, and beyond them the engine traps. This module gives it a larger stack, behind its initial memory,
// and sets the limit that the engine checks, so that it throws a RangeError there.
//
// Two values in the component are changed: the initial stack pointer, and the field `stack_limit` of the engine's
// `JSRuntime` in the memory image.

import { I32_CONST, PAGE, readImage, readMemory, segment } from "./memory-image.js";
import { enlargeFrames } from "./native-frames.js";
import { Reader, join, rebuilt, sections, signed, unsigned, withModule } from "./wasm.js";

// Enough for 6,000 plain calls. They take 5 MB of the host's own stack of 8 MB, which must not overflow first.
const STACK_PAGES = 30;
// Space below the limit, for creating the error and for functions that don't check the limit.
const RESERVED_PAGES = 2;

// Section ids of a module.
const [MEMORY, GLOBAL, EXPORT, DATA, DATA_COUNT] = [5, 6, 7, 11, 12];
const [I32, VARIABLE] = [0x7f, 1];

/** The component with a deeper stack; undefined if it differs from the supported version of the engine. */
export function deepenStack(component) {
  const deeper = withModule(component, withStack);
  return deeper && enlargeFrames(deeper);
}

function withStack(module) {
  const found = new Map(sections(module).map(({ id, content }) => [id, content]));
  if (![MEMORY, GLOBAL, EXPORT, DATA].every((id) => found.has(id))) return undefined;
  const memory = readMemory(found.get(MEMORY));
  const pointer = readPointer(found.get(GLOBAL));
  if (memory === undefined || pointer === undefined || !isPointerExported(found.get(EXPORT))) return undefined;
  const limit = findLimit(found.get(DATA), memory.pages * PAGE, pointer.value);
  if (limit === undefined) return undefined;
  const pages = memory.pages + STACK_PAGES;
  const changes = {
    [MEMORY]: (content) => replaced(content, memory, unsigned(pages)),
    [GLOBAL]: (content) => replaced(content, pointer, signed(pages * PAGE)),
    // As the last segment, which overrides earlier ones.
    [DATA]: (content) => oneMore(content, segment(limit, word((memory.pages + RESERVED_PAGES) * PAGE))),
    [DATA_COUNT]: (content) => oneMore(content, new Uint8Array()),
  };
  return rebuilt(module, (id, content) => changes[id]?.(content) ?? content);
}

/** The initial value of the first global, and its place. */
function readPointer(content) {
  const reader = new Reader(content);
  if (reader.unsigned() === 0) return undefined;
  if (reader.byte() !== I32 || reader.byte() !== VARIABLE || reader.byte() !== I32_CONST) return undefined;
  const begin = reader.at;
  return { value: reader.signed(), begin, end: reader.at };
}

/** Whether the first global is the stack pointer. */
function isPointerExported(content) {
  const reader = new Reader(content);
  for (let left = reader.unsigned(); left > 0; left--) {
    const name = new TextDecoder().decode(reader.take(reader.unsigned()));
    const [kind, index] = [reader.byte(), reader.unsigned()];
    if (name === "__stack_pointer") return kind === 3 && index === 0;
  }
  return false;
}

/**
 * The address of `stack_limit`. The words around it in `JSRuntime` are `stack_size` 0, `stack_top`, `stack_limit` 0,
 * `current_exception` (JS_UNINITIALIZED, tag 4), three false flags and `current_stack_frame` NULL. `stack_top` is the
 * stack pointer at the engine's creation: near the top of the stack, which is below all data.
 */
function findLimit(content, size, top) {
  const image = readImage(content, size);
  if (image === undefined) return undefined;
  const words = new Uint32Array(image.buffer);
  const found = [];
  for (let at = top >>> 2; at < words.length - 7; at += 1) {
    const isTop = words[at + 1] > top - PAGE && words[at + 1] <= top;
    const isLike = isTop && [0, 2, 3, 5, 6].every((index) => words[at + index] === 0) && words[at + 4] === 4;
    if (isLike) found.push((at + 2) * 4);
  }
  return found.length === 1 ? found[0] : undefined;
}

const replaced = (content, { begin, end }, bytes) => join([content.subarray(0, begin), bytes, content.subarray(end)]);

/** A list, or only its count, with one item added at the end. */
function oneMore(content, item) {
  const reader = new Reader(content);
  const count = reader.unsigned() + 1;
  return join([unsigned(count), content.subarray(reader.at), item]);
}

function word(value) {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}
