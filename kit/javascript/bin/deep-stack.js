// Deeper recursion for a component with QuickJS inside. The engine comes with a stack of 1 MB, the end of which it doesn't
// watch for: 3,500 plain calls fit in, and beyond them it traps. This gives it a larger one, behind the memory that it was
// built with, and tells it where that ends: there it throws a RangeError.
//
// Both are values in the component: the initial stack pointer, and the field `stack_limit` of the engine's `JSRuntime`,
// which stands in the memory's image.

import { I32_CONST, PAGE, readImage, readMemory, segment } from "./memory-image.js";
import { enlargeFrames } from "./native-frames.js";
import { Reader, join, rebuilt, sections, signed, unsigned, withModule } from "./wasm.js";

// Enough for 6,000 plain calls, which take 5 MB of the 8 that the host's own stack has: it must not end first.
const STACK_PAGES = 30;
// What is left below the limit: for the making of the error, and for functions that don't look at it.
const RESERVED_PAGES = 2;

// Of a module.
const [MEMORY, GLOBAL, EXPORT, DATA, DATA_COUNT] = [5, 6, 7, 11, 12];
const [I32, VARIABLE] = [0x7f, 1];

/** The component with a deeper stack; undefined where it isn't built as the engine's known version is. */
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
    // As the last segment, which overrides what others have there.
    [DATA]: (content) => oneMore(content, segment(limit, word((memory.pages + RESERVED_PAGES) * PAGE))),
    [DATA_COUNT]: (content) => oneMore(content, new Uint8Array()),
  };
  return rebuilt(module, (id, content) => changes[id]?.(content) ?? content);
}

/** The initial value of the first global, and where that stands. */
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
 * The address of `stack_limit`. Around it, `JSRuntime` has the words `stack_size` 0, `stack_top`, `stack_limit` 0,
 * `current_exception` (JS_UNINITIALIZED, tag 4), three false flags and `current_stack_frame` NULL. `stack_top` is where
 * the engine was made: near the top of the stack, which is below all data.
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

/** A list, or only its count, with one more at its end. */
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
