// Functions of QuickJS's that call themselves with small frames on the stack that the engine watches, and large ones on the
// host's, of which it knows nothing: JSON of 40,000 levels, or an expression of 4,000, is at the end of that one first, which
// ends the call. With larger frames the engine comes to the end of its own before, and throws its RangeError.
//
// Each of these functions becomes one that takes so much of the stack and calls the one that was there. That costs 1 ns.

import { createHash } from "node:crypto";

import { Reader, join, rebuilt, sections, signed, unsigned, withModule } from "./wasm.js";

// By the beginning of the digest of their code: how many bytes more a call takes. The engine's stack has 1.8 MB and the
// host's 8 MB: a byte of the first may stand for 4 of the second, and stands for 3 at the most.
const FRAMES = new Map([
  // JSON.parse: 16 bytes and 200 of the host's for each level.
  ["e6e75c1ea814ebc1", 64],
  // JSON.stringify: 16 and 256.
  ["ebb995d617891414", 96],
  // Array.prototype.flat: 48 and 256.
  ["c783384b1ddf852f", 64],
  // `new Function`, for what stands in brackets or behind an operator: 170 and up to 3,000.
  ["f6b2e4dbb999e4d9", 1024],
]);

// Of a module.
const [TYPE, IMPORT, FUNCTION, CODE] = [1, 2, 3, 10];
// Kinds of imports, and the flag of a limit with a maximum.
const [IMPORTED_FUNCTION, TABLE, MEMORY, GLOBAL] = [0, 1, 2, 3];
const HAS_MAXIMUM = 1;
const [I32_CONST, I32_ADD, I32_SUB, LOCAL_GET, GLOBAL_GET, GLOBAL_SET, CALL, END] = [
  0x41, 0x6a, 0x6b, 0x20, 0x23, 0x24, 0x10, 0x0b,
];
const FUNCTION_TYPE = 0x60;
const STACK_POINTER = 0;

/** The component with larger frames; undefined where one of the functions isn't there as the known version has it. */
export function enlargeFrames(component) {
  return withModule(component, withFrames);
}

function withFrames(module) {
  const found = new Map(sections(module).map(({ id, content }) => [id, content]));
  if (![TYPE, FUNCTION, CODE].every((id) => found.has(id))) return undefined;
  const bodies = list(found.get(CODE), (reader) => reader.take(reader.unsigned()));
  // Most modules have none of them, nor as much code.
  if (bodies.length < FRAMES.size) return undefined;
  const types = list(found.get(FUNCTION), (reader) => reader.unsigned());
  const parameters = list(found.get(TYPE), readParameters);
  const imported = found.has(IMPORT) ? list(found.get(IMPORT), readImport).filter(Boolean).length : 0;
  const places = bodies.flatMap((body, place) => (FRAMES.has(digest(body)) ? [place] : []));
  if (places.length !== FRAMES.size || places.some((place) => parameters[types[place]] === undefined)) return undefined;
  for (const place of places) {
    const inner = imported + bodies.push(bodies[place]) - 1;
    bodies[place] = around(inner, parameters[types[place]], FRAMES.get(digest(bodies[place])));
    types.push(types[place]);
  }
  const changes = {
    [FUNCTION]: () => join([unsigned(types.length), ...types.map(unsigned)]),
    [CODE]: () => join([unsigned(bodies.length), ...bodies.flatMap((body) => [unsigned(body.length), body])]),
  };
  return rebuilt(module, (id, content) => changes[id]?.() ?? content);
}

const digest = (body) => createHash("sha256").update(body).digest("hex").slice(0, 16);

/** A function that calls another one with its own parameters, with so much of the stack taken meanwhile. */
function around(inner, parameters, bytes) {
  const moved = (operator) => [
    Uint8Array.of(GLOBAL_GET, STACK_POINTER, I32_CONST),
    signed(bytes),
    Uint8Array.of(operator, GLOBAL_SET, STACK_POINTER),
  ];
  const values = Array.from({ length: parameters }, (_, index) => join([Uint8Array.of(LOCAL_GET), unsigned(index)]));
  // No locals of its own; the result lies on WebAssembly's stack while the pointer goes back.
  const call = join([Uint8Array.of(CALL), unsigned(inner)]);
  return join([Uint8Array.of(0), ...moved(I32_SUB), ...values, call, ...moved(I32_ADD), Uint8Array.of(END)]);
}

function list(content, read) {
  const reader = new Reader(content);
  return Array.from({ length: reader.unsigned() }, () => read(reader));
}

/** How many parameters a type's functions have; undefined for one that is no function's. */
function readParameters(reader) {
  if (reader.byte() !== FUNCTION_TYPE) return undefined;
  const count = reader.unsigned();
  reader.take(count);
  reader.take(reader.unsigned());
  return count;
}

/** Whether an import is a function. */
function readImport(reader) {
  reader.take(reader.unsigned());
  reader.take(reader.unsigned());
  const kind = reader.byte();
  const limits = () => {
    const flags = reader.byte();
    reader.unsigned();
    if (flags & HAS_MAXIMUM) reader.unsigned();
  };
  if (kind === IMPORTED_FUNCTION) reader.unsigned();
  if (kind === TABLE) reader.byte();
  if (kind === TABLE || kind === MEMORY) limits();
  if (kind === GLOBAL) reader.take(2);
  return kind === IMPORTED_FUNCTION;
}
