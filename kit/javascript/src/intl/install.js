// Localized texts and time zones, for components whose modules use any. The engine itself has none and ignores such
// options. Unsupported options are an error.

import { DateTimeFormat } from "./dates.js";
import { NumberFormat } from "./numbers.js";
import { zoneNames } from "./zone.js";

function put(Type, name, value) {
  Object.defineProperty(Type.prototype, name, { value, configurable: true, writable: true });
}

function putDate(name, defaults) {
  put(Date, name, function (locales, options) {
    if (Number.isNaN(this.getTime())) return "Invalid Date";
    return new DateTimeFormat(locales, options, defaults).format(this);
  });
}
putDate("toLocaleString", "all");
putDate("toLocaleDateString", "date-only");
putDate("toLocaleTimeString", "time");

for (const Type of [Number, BigInt]) {
  put(Type, "toLocaleString", function (locales, options) {
    return new NumberFormat(locales, options).format(this.valueOf());
  });
}

const { localeCompare, toLocaleLowerCase, toLocaleUpperCase } = String.prototype;
put(String, "localeCompare", function (other, locales, options) {
  if (locales !== undefined || options !== undefined) {
    throw new RangeError(
      "localeCompare supports no language and no options in a connector, where texts are sorted by character codes: " +
        "compare the results of toLowerCase() and normalize(), or Numbers",
    );
  }
  return localeCompare.call(this, other);
});
// Languages with their own rules for upper and lower case.
const hasOwnCases = (locales) => /^(?:tr|az|lt)\b/i.test(String([locales].flat()[0] ?? ""));
for (const [name, call] of Object.entries({ toLocaleLowerCase, toLocaleUpperCase })) {
  put(String, name, function (locales) {
    if (hasOwnCases(locales)) throw new RangeError(`${name} does not support the language ${locales} in a connector`);
    return call.call(this);
  });
}

const has = {
  DateTimeFormat: callable(DateTimeFormat),
  NumberFormat: callable(NumberFormat),
  getCanonicalLocales: (locales = []) => [locales].flat(),
  supportedValuesOf(key) {
    if (key === "timeZone") return zoneNames();
    throw new RangeError(`Intl.supportedValuesOf(${JSON.stringify(key)}) is not available in a connector`);
  },
};

// As in browsers, `new` is optional.
function callable(Type) {
  return new Proxy(Type, { apply: (_, __, values) => new Type(...values) });
}

// Packages check whether the other parts of `Intl` exist before they use them. Using one is a TypeError that names it.
globalThis.Intl = has;
