// A number as JSON has it, of which a Number would hold only a part.

/** A number of JSON. */
export const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** A number of JSON that no Number holds exactly, with all its digits. Rows and states write it as it came. */
export class Decimal {
  #text;

  constructor(text) {
    const digits = String(text);
    if (!NUMBER.test(digits)) throw new TypeError(`${JSON.stringify(digits)} is no number of JSON`);
    this.#text = digits;
  }

  toString() {
    return this.#text;
  }

  /** `JSON.stringify` has no way to write the digits, so it says so, as it does for a BigInt. */
  toJSON() {
    throw new TypeError(`JSON.stringify can't write the Decimal ${this.#text}: give it String(…) or Number(…) of it`);
  }

  [Symbol.toPrimitive](hint) {
    if (hint === "default") {
      throw new TypeError(`the Decimal ${this.#text} takes part in no + or ==: say Number(…) or String(…)`);
    }
    return hint === "number" ? Number(this.#text) : this.#text;
  }

  /** What Node shows of it, as in a test that fails. */
  [Symbol.for("nodejs.util.inspect.custom")]() {
    return `Decimal ${this.#text}`;
  }

  get [Symbol.toStringTag]() {
    return "Decimal";
  }
}

/** Whether a number of JSON and the Number that JavaScript makes of it are the same. */
export function isExact(digits) {
  const number = Number(digits);
  // Beyond 2^53, neighbors are one Number.
  if (/^-?\d+$/.test(digits)) return Number.isSafeInteger(number);
  return String(number) === digits || (Number.isFinite(number) && plain(digits) === plain(String(number)));
}

/** A number without what doesn't matter: its digits from the first to the last that isn't zero, and their place. */
function plain(digits) {
  const [, sign, whole, part = "", exponent = "0"] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(digits);
  const all = `${whole}${part}`.replace(/^0+/, "");
  const short = all.replace(/0+$/, "");
  if (short === "") return "0";
  return `${sign}${short}e${Number(exponent) - part.length + all.length - short.length}`;
}
