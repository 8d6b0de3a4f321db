// `structuredClone`: a deep copy in which each object is copied once, so values may contain themselves.

const ERRORS = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };

export function structuredClone(value, { transfer = [] } = {}) {
  if (transfer.length > 0) throw refused("a connector has no transfer: the value");
  return copied(value, new Map());
}

function copied(value, seen) {
  if (typeof value === "function" || typeof value === "symbol") throw refused(`a ${typeof value}`);
  if (typeof value !== "object" || value === null) return value;
  if (seen.has(value)) return seen.get(value);
  const keep = (copy) => {
    seen.set(value, copy);
    return copy;
  };
  if (value instanceof Date) return keep(new Date(value));
  if (value instanceof RegExp) return keep(new RegExp(value.source, value.flags));
  if ([Boolean, Number, String, BigInt].some((Type) => value instanceof Type)) return keep(Object(value.valueOf()));
  if (value instanceof ArrayBuffer) return keep(value.slice(0));
  if (ArrayBuffer.isView(value)) {
    const buffer = copied(value.buffer, seen);
    if (value instanceof DataView) return keep(new DataView(buffer, value.byteOffset, value.byteLength));
    // A Buffer becomes a Uint8Array, as in browsers.
    const Type = value instanceof Uint8Array && !(value instanceof Uint8ClampedArray) ? Uint8Array : value.constructor;
    return keep(new Type(buffer, value.byteOffset, value.length));
  }
  if (value instanceof Map) {
    const copy = keep(new Map());
    for (const [key, one] of value) copy.set(copied(key, seen), copied(one, seen));
    return copy;
  }
  if (value instanceof Set) {
    const copy = keep(new Set());
    for (const one of value) copy.add(copied(one, seen));
    return copy;
  }
  if (value instanceof Error) return copiedError(value, seen, keep);
  if (
    value instanceof WeakMap ||
    value instanceof WeakSet ||
    value instanceof WeakRef ||
    typeof value.then === "function"
  ) {
    throw refused(`a ${value.constructor.name}`);
  }
  const copy = keep(Array.isArray(value) ? new Array(value.length) : {});
  for (const key of Object.keys(value)) {
    Object.defineProperty(copy, key, {
      value: copied(value[key], seen),
      configurable: true,
      enumerable: true,
      writable: true,
    });
  }
  return copy;
}

function copiedError(error, seen, keep) {
  const copy = keep(new (ERRORS[error.name] ?? Error)(error.message));
  Object.defineProperty(copy, "stack", { value: error.stack, configurable: true, writable: true });
  if (error.cause !== undefined) copy.cause = copied(error.cause, seen);
  return copy;
}

function refused(what) {
  const error = new Error(`${what} could not be cloned.`);
  error.name = "DataCloneError";
  return error;
}
