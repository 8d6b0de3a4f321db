// The languages in which dates and numbers are written.

/**
 * For each language: the order of a date in digits, whether day and month are padded to two digits, the separator
 * between date and time, and the names of the halves of the day.
 */
export const LANGUAGES = {
  "en-US": { order: "m/d/y", padded: false, join: ", ", halves: ["AM", "PM"], longest: "h12" },
  "en-GB": { order: "d/m/y", padded: true, join: ", ", halves: ["am", "pm"], longest: "h23" },
  "en-CA": { order: "y-m-d", padded: true, join: ", ", halves: ["a.m.", "p.m."], longest: "h12" },
  "de-DE": { order: "d.m.y", padded: false, join: ", ", halves: ["AM", "PM"], longest: "h23" },
  "sv-SE": { order: "y-m-d", padded: true, join: " ", halves: ["fm", "em"], longest: "h23" },
};
const SHORT_NAMES = { en: "en-US", de: "de-DE", sv: "sv-SE" };

/** The supported language for the first of these names. */
export function languageOf(locales) {
  const asked = Array.isArray(locales) ? locales[0] : locales;
  const plain = String(asked ?? "en-US").replace(/-u-.*$/, "");
  const name =
    SHORT_NAMES[plain.toLowerCase()] ?? Object.keys(LANGUAGES).find((one) => one.toLowerCase() === plain.toLowerCase());
  if (name === undefined) {
    throw new RangeError(`Intl does not support the language ${plain} in a connector, only ${Object.keys(LANGUAGES).join(", ")}`);
  }
  return name;
}
