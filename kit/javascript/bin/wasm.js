// The parts of WebAssembly's binary format that the build needs to change a component.

/** The bytes of an unsigned number (LEB128). */
export function unsigned(value) {
  const bytes = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.from([...bytes, rest]);
    bytes.push((rest % 128) | 128);
  }
}

/** The bytes of a nonnegative number in the format's signed encoding, where bit 6 of the last byte is the sign. */
export function signed(value) {
  const bytes = unsigned(value);
  const last = bytes.length - 1;
  if (bytes[last] < 64) return bytes;
  bytes[last] |= 128;
  return join([bytes, Uint8Array.of(0)]);
}

export function join(parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Reads a sequence of numbers. */
export class Reader {
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  byte() {
    if (this.at >= this.bytes.length) throw new RangeError("the component ends within a number");
    return this.bytes[this.at++];
  }

  unsigned() {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }

  // Negative numbers are read as large ones, which are beyond any memory.
  signed() {
    return this.unsigned();
  }

  take(length) {
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
}

const HEADER = 8;

/** The sections of a module or component. */
export function sections(bytes) {
  const found = [];
  for (const reader = new Reader(bytes, HEADER); reader.at < bytes.length;) {
    const id = reader.byte();
    found.push({ id, content: reader.take(reader.unsigned()) });
  }
  return found;
}

/** The same module or component, with each section replaced by the result of `change`. */
export function rebuilt(bytes, change) {
  const parts = sections(bytes).flatMap(({ id, content }) => {
    const changed = change(id, content);
    return [Uint8Array.of(id), unsigned(changed.length), changed];
  });
  return join([bytes.subarray(0, HEADER), ...parts]);
}

const [CORE_MODULE, COMPONENT] = [1, 4];

/**
 * The component with its module replaced by the result of `change`; undefined if `change` accepts no module or several.
 */
export function withModule(component, change) {
  let changed = 0;
  const walk = (bytes) =>
    rebuilt(bytes, (id, content) => {
      if (id === COMPONENT) return walk(content);
      const module = id === CORE_MODULE ? change(content) : undefined;
      if (module !== undefined) changed += 1;
      return module ?? content;
    });
  const made = walk(component);
  return changed === 1 ? made : undefined;
}
