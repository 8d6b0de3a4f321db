// JSON numbers that a Number can't hold exactly.

/** The syntax of a JSON number. */
export const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** A JSON number that a Number can't hold exactly, with all its digits. Rows and states write it unchanged. */
export class Decimal {
  #text;

  constructor(text) {
    const digits = String(text);
    if (!NUMBER.test(digits)) throw new TypeError(`${JSON.stringify(digits)} is not a JSON number`);
    this.#text = digits;
  }

  toString() {
    return this.#text;
  }

  /** Throws, as for a BigInt, since `JSON.stringify` can't write the digits. */
  toJSON() {
    throw new TypeError(`JSON.stringify can't write the Decimal ${this.#text}: pass String(…) or Number(…) of it`);
  }

  [Symbol.toPrimitive](hint) {
    if (hint === "default") {
      throw new TypeError(`the Decimal ${this.#text} can't be used with + or ==: convert it with Number(…) or String(…)`);
    }
    return hint === "number" ? Number(this.#text) : this.#text;
  }

  /** The text that Node shows for it, as in a failing test. */
  [Symbol.for("nodejs.util.inspect.custom")]() {
    return `Decimal ${this.#text}`;
  }

  get [Symbol.toStringTag]() {
    return "Decimal";
  }
}

/** Whether a JSON number has the same value as the Number that JavaScript makes of it. */
export function isExact(digits) {
  const number = Number(digits);
  // Beyond 2^53, neighboring integers become the same Number.
  if (/^-?\d+$/.test(digits)) return Number.isSafeInteger(number);
  return String(number) === digits || (Number.isFinite(number) && plain(digits) === plain(String(number)));
}

/** A number in normal form: its digits from the first to the last that isn't zero, and their exponent. */
function plain(digits) {
  const [, sign, whole, part = "", exponent = "0"] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(digits);
  const all = `${whole}${part}`.replace(/^0+/, "");
  const short = all.replace(/0+$/, "");
  if (short === "") return "0";
  return `${sign}${short}e${Number(exponent) - part.length + all.length - short.length}`;
}
