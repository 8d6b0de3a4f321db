// Some functions of QuickJS call themselves with small frames on the stack that the engine checks, and with large
// frames on the host's stack, which it can't check. JSON of 40,000 levels, or an expression of 4,000, overflows the
// host's stack first, which ends the call. With larger frames, the engine reaches its own limit first and throws its
// RangeError.
//
// Each of these functions is replaced by one that takes more of the stack and calls the original. That costs 1 ns.

import { createHash } from "node:crypto";

import { Reader, join, rebuilt, sections, signed, unsigned, withModule } from "./wasm.js";

// By the beginning of the digest of their code: how many additional bytes each call takes. The engine's stack has 1.8
// MB and the host's has 8 MB. A byte of the first may therefore stand for up to 4 of the second; here it is at most 3.
const FRAMES = new Map([
  // JSON.parse: 16 bytes and 200 of the host's for each level.
  ["e6e75c1ea814ebc1", 64],
  // JSON.stringify: 16 and 256.
  ["ebb995d617891414", 96],
  // Array.prototype.flat: 48 and 256.
  ["c783384b1ddf852f", 64],
  // `new Function`, for code in brackets or after an operator: 170 and up to 3,000.
  ["f6b2e4dbb999e4d9", 1024],
]);

// Section ids of a module.
const [TYPE, IMPORT, FUNCTION, CODE] = [1, 2, 3, 10];
// Kinds of imports, and the flag of a limit with a maximum.
const [IMPORTED_FUNCTION, TABLE, MEMORY, GLOBAL] = [0, 1, 2, 3];
const HAS_MAXIMUM = 1;
const [I32_CONST, I32_ADD, I32_SUB, LOCAL_GET, GLOBAL_GET, GLOBAL_SET, CALL, END] = [
  0x41, 0x6a, 0x6b, 0x20, 0x23, 0x24, 0x10, 0x0b,
];
const FUNCTION_TYPE = 0x60;
const STACK_POINTER = 0;

/** The component with larger frames; undefined if one of the functions differs from the supported version. */
export function enlargeFrames(component) {
  return withModule(component, withFrames);
}

function withFrames(module) {
  const found = new Map(sections(module).map(({ id, content }) => [id, content]));
  if (![TYPE, FUNCTION, CODE].every((id) => found.has(id))) return undefined;
  const bodies = list(found.get(CODE), (reader) => reader.take(reader.unsigned()));
  // Most modules contain none of these functions, and less code.
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

/**
 * A function that calls another one with its own parameters, and takes this many bytes of the stack during the call.
 */
function around(inner, parameters, bytes) {
  const moved = (operator) => [
    Uint8Array.of(GLOBAL_GET, STACK_POINTER, I32_CONST),
    signed(bytes),
    Uint8Array.of(operator, GLOBAL_SET, STACK_POINTER),
  ];
  const values = Array.from({ length: parameters }, (_, index) => join([Uint8Array.of(LOCAL_GET), unsigned(index)]));
  // It has no locals of its own. The result is on WebAssembly's stack while the pointer is restored.
  const call = join([Uint8Array.of(CALL), unsigned(inner)]);
  return join([Uint8Array.of(0), ...moved(I32_SUB), ...values, call, ...moved(I32_ADD), Uint8Array.of(END)]);
}

function list(content, read) {
  const reader = new Reader(content);
  return Array.from({ length: reader.unsigned() }, () => read(reader));
}

/** The number of parameters of a function type; undefined for other types. */
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
