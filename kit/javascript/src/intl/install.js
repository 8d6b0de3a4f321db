// Texts in languages and time zones, in components whose modules use any: the engine has none, and passes over what is asked
// for. What isn't there is an error that says so.

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
      "localeCompare takes no language and no options in a connector, where texts are sorted by their characters' codes: " +
        "compare what toLowerCase() and normalize() make of them, or Numbers",
    );
  }
  return localeCompare.call(this, other);
});
// Those whose letters have other cases than the rest of the world's.
const isOwn = (locales) => /^(?:tr|az|lt)\b/i.test(String([locales].flat()[0] ?? ""));
for (const [name, call] of Object.entries({ toLocaleLowerCase, toLocaleUpperCase })) {
  put(String, name, function (locales) {
    if (isOwn(locales)) throw new RangeError(`${name} has no language ${locales} in a connector`);
    return call.call(this);
  });
}

const has = {
  DateTimeFormat: callable(DateTimeFormat),
  NumberFormat: callable(NumberFormat),
  getCanonicalLocales: (locales = []) => [locales].flat(),
  supportedValuesOf(key) {
    if (key === "timeZone") return zoneNames();
    throw new RangeError(`Intl.supportedValuesOf(${JSON.stringify(key)}) is not there in a connector`);
  },
};

// As in browsers, `new` may be left out.
function callable(Type) {
  return new Proxy(Type, { apply: (_, __, values) => new Type(...values) });
}

// Packages ask whether one of the others is there before they use it; a use is a TypeError that names it.
globalThis.Intl = has;
