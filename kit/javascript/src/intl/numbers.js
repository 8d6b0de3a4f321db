// `Intl.NumberFormat`: decimal numbers and percentages in the languages of languages.js.

import { languageOf } from "./languages.js";

const SEPARATORS = {
  "en-US": { group: ",", point: ".", percent: "%" },
  "en-GB": { group: ",", point: ".", percent: "%" },
  "en-CA": { group: ",", point: ".", percent: "%" },
  "de-DE": { group: ".", point: ",", percent: "\u00a0%" },
  "sv-SE": { group: "\u00a0", point: ",", percent: "\u00a0%", minus: "\u2212" },
};

const KNOWN = ["style", "minimumFractionDigits", "maximumFractionDigits", "useGrouping", "minimumIntegerDigits"];
const USUAL = { notation: "standard", numberingSystem: "latn", signDisplay: "auto", localeMatcher: "best fit" };

const unsupported = (what) =>
  new RangeError(`Intl does not support ${what} in a connector: build the text from the number`);

function digits(value, name, fallback) {
  if (value === undefined) return fallback;
  if (!(value >= 0 && value <= 20)) throw new RangeError(`${name} value is out of range.`);
  return Math.floor(value);
}

export class NumberFormat {
  #language;
  #options;

  constructor(locales, options = {}) {
    this.#language = languageOf(locales);
    const asked = options ?? {};
    for (const [name, value] of Object.entries(asked)) {
      if (value !== undefined && !KNOWN.includes(name) && USUAL[name] !== value) throw unsupported(`${name} ${value}`);
    }
    const { style = "decimal", useGrouping = true, minimumIntegerDigits = 1 } = asked;
    if (style !== "decimal" && style !== "percent") throw unsupported(`style ${style}`);
    const most = style === "percent" ? 0 : 3;
    const least = digits(asked.minimumFractionDigits, "minimumFractionDigits", undefined);
    const atMost = digits(asked.maximumFractionDigits, "maximumFractionDigits", Math.max(most, least ?? 0));
    if (least !== undefined && least > atMost) throw new RangeError("maximumFractionDigits value is out of range.");
    this.#options = {
      style,
      useGrouping: useGrouping !== false && useGrouping !== "false",
      minimumIntegerDigits,
      minimumFractionDigits: least ?? 0,
      maximumFractionDigits: atMost,
    };
    this.format = (value) => this.#write(value);
  }

  resolvedOptions() {
    return { locale: this.#language, numberingSystem: "latn", ...this.#options };
  }

  #write(value) {
    const { style, useGrouping, minimumIntegerDigits, minimumFractionDigits, maximumFractionDigits } = this.#options;
    const { group, point, percent, minus = "-" } = SEPARATORS[this.#language];
    const number = typeof value === "bigint" ? value : Number(value);
    const end = style === "percent" ? percent : "";
    if (Number.isNaN(number)) return `NaN${end}`;
    const isNegative = number < 0 || Object.is(number, -0);
    if (number === Infinity || number === -Infinity) return `${isNegative ? minus : ""}∞${end}`;
    const text = rounded(number, style === "percent" ? 2 : 0, maximumFractionDigits);
    let [whole, part = ""] = text.split(".");
    part = part.replace(/0+$/, "").padEnd(minimumFractionDigits, "0");
    whole = whole.padStart(minimumIntegerDigits, "0");
    if (useGrouping) whole = whole.replace(/\B(?=(?:\d{3})+$)/g, group);
    return `${isNegative ? minus : ""}${whole}${part === "" ? "" : point + part}${end}`;
  }
}

/**
 * The decimal digits of a number without its sign. The point is moved by `moved` digits; `kept` digits remain after it,
 * with halves rounded up.
 */
function rounded(number, moved, kept) {
  const [, whole, part = "", exponent = "0"] = /^-?(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(number));
  let point = whole.length + Number(exponent) + moved;
  let all = whole + part;
  if (point <= 0) {
    all = "0".repeat(1 - point) + all;
    point = 1;
  }
  all = all.padEnd(point + kept + 1, "0");
  let scaled = BigInt(all.slice(0, point + kept));
  if (all[point + kept] >= "5") scaled += 1n;
  const written = String(scaled).padStart(kept + 1, "0");
  return kept === 0 ? written : `${written.slice(0, -kept)}.${written.slice(-kept)}`;
}
