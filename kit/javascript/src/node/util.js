// The part of Node's `util` that connectors and their packages use.

import { Decimal } from "../decimal.js";

export { TextDecoder, TextEncoder } from "../encoding.js";

const MOST_DEPTH = 3;

/** A value as one line of text, for logs. */
export function inspect(value, depth = 0) {
  switch (typeof value) {
    case "string":
      return depth === 0 && arguments.length === 1 ? value : JSON.stringify(value);
    case "bigint":
      return `${value}n`;
    case "function":
      return `[Function: ${value.name || "(anonymous)"}]`;
    case "object":
      break;
    default:
      return String(value);
  }
  if (value === null) return "null";
  if (value instanceof Error) return value.stack?.includes(value.message) ? value.stack : String(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (value instanceof RegExp || value instanceof Decimal) return String(value);
  if (depth > MOST_DEPTH) return Array.isArray(value) ? "[Array]" : "[Object]";
  const inner = (one) => (typeof one === "string" ? JSON.stringify(one) : inspect(one, depth + 1));
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return `[ ${Array.from(value, inner).join(", ")} ]`;
  if (value instanceof Map)
    return `Map { ${[...value].map(([key, one]) => `${inner(key)} => ${inner(one)}`).join(", ")} }`;
  if (value instanceof Set) return `Set { ${[...value].map(inner).join(", ")} }`;
  return `{ ${Object.entries(value)
    .map(([key, one]) => `${key}: ${inner(one)}`)
    .join(", ")} }`;
}
inspect.custom = Symbol.for("nodejs.util.inspect.custom");

/** Replaces `%s`, `%d`, `%i`, `%f`, `%j` and `%o` in a text, and appends the remaining values. */
export function format(first, ...values) {
  if (typeof first !== "string") return [first, ...values].map((value) => inspect(value)).join(" ");
  const text = first.replace(/%[sdifjoO%]/g, (place) => {
    if (place === "%%") return "%";
    if (values.length === 0) return place;
    const value = values.shift();
    if (place === "%j") return JSON.stringify(value);
    if (place === "%d") return String(Number(value));
    if (place === "%i") return String(Number.parseInt(value, 10));
    if (place === "%f") return String(Number.parseFloat(value));
    return inspect(value);
  });
  return [text, ...values.map((value) => inspect(value))].join(" ");
}

export function promisify(call) {
  // Some functions define their own promise form, such as Node's setTimeout.
  const own = call[promisify.custom];
  if (typeof own === "function") return own;
  return (...values) =>
    new Promise((resolve, reject) => {
      call(...values, (error, value) => (error ? reject(error) : resolve(value)));
    });
}

promisify.custom = Symbol.for("nodejs.util.promisify.custom");

export function callbackify(call) {
  return (...values) => {
    const callback = values.pop();
    call(...values).then(
      (value) => callback(null, value),
      (error) => callback(error),
    );
  };
}

export function inherits(Type, Base) {
  Object.defineProperty(Type, "super_", { value: Base, configurable: true, writable: true });
  Object.setPrototypeOf(Type.prototype, Base.prototype);
}

export const deprecate = (call) => call;
export const debuglog = () => () => {};

/** Whether two values are deeply equal. */
export function isDeepStrictEqual(one, other) {
  if (Object.is(one, other)) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (Object.getPrototypeOf(one) !== Object.getPrototypeOf(other)) return false;
  if (one instanceof Date) return Object.is(one.getTime(), other.getTime());
  if (one instanceof RegExp || one instanceof Decimal) return String(one) === String(other);
  if (one instanceof Map || one instanceof Set) return isDeepStrictEqual([...one], [...other]);
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => Object.hasOwn(other, key) && isDeepStrictEqual(one[key], other[key]))
  );
}

export const types = {
  isDate: (value) => value instanceof Date,
  isRegExp: (value) => value instanceof RegExp,
  isMap: (value) => value instanceof Map,
  isSet: (value) => value instanceof Set,
  isPromise: (value) => value instanceof Promise,
  isUint8Array: (value) => value instanceof Uint8Array,
  isArrayBuffer: (value) => value instanceof ArrayBuffer,
  isAnyArrayBuffer: (value) => value instanceof ArrayBuffer,
  isArrayBufferView: (value) => ArrayBuffer.isView(value),
  isTypedArray: (value) => ArrayBuffer.isView(value) && !(value instanceof DataView),
  isNativeError: (value) => value instanceof Error,
};
