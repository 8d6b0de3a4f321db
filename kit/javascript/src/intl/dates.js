// `Intl.DateTimeFormat` for the languages in languages.js: English completely, the others only for dates in digits.

import { LANGUAGES, languageOf } from "./languages.js";
import { zoneOf } from "./zone.js";

const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

const VALUES = {
  weekday: ["long", "short", "narrow"],
  era: ["long", "short", "narrow"],
  year: ["numeric", "2-digit"],
  month: ["numeric", "2-digit", "long", "short", "narrow"],
  day: ["numeric", "2-digit"],
  hour: ["numeric", "2-digit"],
  minute: ["numeric", "2-digit"],
  second: ["numeric", "2-digit"],
  fractionalSecondDigits: ["1", "2", "3"],
  timeZoneName: ["short", "longOffset", "shortOffset", "long", "shortGeneric", "longGeneric"],
  dateStyle: ["full", "long", "medium", "short"],
  timeStyle: ["full", "long", "medium", "short"],
  hourCycle: ["h11", "h12", "h23", "h24"],
};
const DATE = ["weekday", "year", "month", "day"];
const TIME = ["hour", "minute", "second", "fractionalSecondDigits"];
const STYLES = {
  full: { weekday: "long", year: "numeric", month: "long", day: "numeric" },
  long: { year: "numeric", month: "long", day: "numeric" },
  medium: { year: "numeric", month: "short", day: "numeric" },
  short: { year: "2-digit", month: "numeric", day: "numeric" },
};

const unsupported = (what) =>
  new RangeError(`Intl does not support ${what} in a connector: build the text from the parts of the date`);

// The options that apply, with `defaults` ("date", "time" or "all") if they name no part.
function read(options, defaults, language) {
  const asked = {};
  for (const [name, allowed] of Object.entries(VALUES)) {
    const value = options[name];
    if (value === undefined) continue;
    if (!allowed.includes(String(value)))
      throw new RangeError(`Value ${value} out of range for Intl.DateTimeFormat options property ${name}`);
    asked[name] = value;
  }
  for (const name of ["calendar", "numberingSystem", "dayPeriod"]) {
    if (options[name] !== undefined && !["gregory", "latn"].includes(options[name]))
      throw unsupported(`${name} ${options[name]}`);
  }
  if (/^(?:long|.*Generic)$/.test(asked.timeZoneName)) throw unsupported(`timeZoneName ${asked.timeZoneName}`);
  if (asked.dateStyle === undefined && asked.timeStyle === undefined) addDefaults(asked, defaults);
  else addStyles(asked, defaults, language);
  return asked;
}

function addStyles(asked, defaults, { order }) {
  const { dateStyle, timeStyle } = asked;
  if (hasAny(asked, [...DATE, ...TIME])) {
    throw new TypeError("Can't set option year, month or another part when dateStyle or timeStyle is used");
  }
  if ((timeStyle !== undefined && defaults === "date-only") || (dateStyle !== undefined && defaults === "time")) {
    throw new TypeError(`Invalid option : ${defaults === "time" ? "dateStyle" : "timeStyle"}`);
  }
  if (timeStyle === "full" || timeStyle === "long") throw unsupported(`timeStyle ${timeStyle}`);
  Object.assign(asked, STYLES[dateStyle]);
  if (dateStyle === "short" && (order.startsWith("y") || order.startsWith("d/"))) asked.year = "numeric";
  if (timeStyle !== undefined) Object.assign(asked, { hour: "numeric", minute: "2-digit" });
  if (timeStyle === "medium") asked.second = "2-digit";
}

function addDefaults(asked, defaults) {
  const wanted = { date: [...DATE, ...TIME], "date-only": DATE, time: TIME, all: [...DATE, ...TIME] };
  if (hasAny(asked, wanted[defaults])) return;
  if (defaults !== "time") Object.assign(asked, { year: "numeric", month: "numeric", day: "numeric" });
  if (defaults === "all" || defaults === "time") {
    Object.assign(asked, { hour: "numeric", minute: "numeric", second: "numeric" });
  }
}

const hasAny = (asked, names) => names.some((name) => asked[name] !== undefined);

export class DateTimeFormat {
  #language;
  #options;
  #zone;
  #cycle;

  constructor(locales, options = {}, defaults = "date") {
    this.#language = languageOf(locales);
    this.#options = read(options ?? {}, defaults, LANGUAGES[this.#language]);
    this.#zone = zoneOf(options?.timeZone ?? "UTC");
    const { hour12 } = options ?? {};
    const { longest } = LANGUAGES[this.#language];
    if (hour12 === undefined) this.#cycle = this.#options.hourCycle ?? longest;
    else if (hour12) this.#cycle = longest === "h23" ? "h11" : "h12";
    else this.#cycle = longest === "h12" ? "h24" : "h23";
    this.format = (date) =>
      this.formatToParts(date)
        .map(({ value }) => value)
        .join("");
  }

  static supportedLocalesOf(locales) {
    return [locales].flat().filter((one) => {
      try {
        return languageOf(one) !== undefined;
      } catch {
        return false;
      }
    });
  }

  resolvedOptions() {
    return {
      locale: this.#language,
      calendar: "gregory",
      numberingSystem: "latn",
      timeZone: this.#zone.name,
      ...(this.#options.hour === undefined ? {} : { hourCycle: this.#cycle, hour12: /h1/.test(this.#cycle) }),
      ...this.#options,
    };
  }

  formatToParts(date = Date.now()) {
    const time = Number(date);
    if (!(Math.abs(time) <= 8.64e15)) throw new RangeError("Invalid time value");
    const offset = this.#zone.offset(time);
    const parts = [...this.#date(new Date(time + offset * 60_000))];
    const times = [...this.#time(new Date(time + offset * 60_000))];
    if (parts.length > 0 && times.length > 0) parts.push(literal(this.#join()));
    parts.push(...times);
    if (this.#options.timeZoneName !== undefined) {
      if (parts.length > 0) parts.push(literal(times.length > 0 ? " " : ", "));
      parts.push({ type: "timeZoneName", value: this.#zoneName(offset) });
    }
    return parts;
  }

  #join() {
    const { weekday, year, month, day, dateStyle } = this.#options;
    if (weekday !== undefined && (year ?? month ?? day) === undefined) return " ";
    const isLong = month === "long" && (dateStyle === undefined || dateStyle === "long" || dateStyle === "full");
    return isLong ? " at " : LANGUAGES[this.#language].join;
  }

  #zoneName(minutes) {
    if (this.#options.timeZoneName === "short" && this.#zone.name === "UTC") return "UTC";
    if (minutes === 0 && this.#options.timeZoneName === "short") return "GMT";
    const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
    const minus = this.#language === "sv-SE" ? "\u2212" : "-";
    const sign = minutes < 0 ? minus : "+";
    if (this.#options.timeZoneName === "longOffset") return `GMT${sign}${two(hours)}:${two(rest)}`;
    return `GMT${sign}${hours}${rest === 0 ? "" : `:${two(rest)}`}`;
  }

  *#date(local) {
    const { weekday, era, year, month, day } = this.#options;
    const language = LANGUAGES[this.#language];
    const isWritten = month !== undefined && month !== "numeric" && month !== "2-digit";
    if ((isWritten || weekday !== undefined) && !this.#language.startsWith("en")) {
      throw unsupported(`${isWritten ? `month ${month}` : `weekday ${weekday}`} in ${this.#language}`);
    }
    const full = local.getUTCFullYear();
    const pieces = {
      year: year && {
        type: "year",
        value: year === "2-digit" ? two(Math.abs(full) % 100) : String(full > 0 ? full : 1 - full),
      },
      month: month && {
        type: "month",
        value: isWritten ? this.#monthName(local, month) : this.#digits("month", local.getUTCMonth() + 1),
      },
      day: day && { type: "day", value: this.#digits("day", local.getUTCDate()) },
    };
    if (weekday !== undefined) {
      yield { type: "weekday", value: shorten(WEEKDAYS[local.getUTCDay()], weekday) };
      const isClose = this.#language === "en-GB" && isWritten && year === undefined;
      if (year ?? month ?? day) yield literal(isClose ? " " : ", ");
    }
    const order = isWritten && this.#language === "en-CA" ? "m/d/y" : language.order;
    const letters = { y: "year", m: "month", d: "day" };
    const present = order
      .split(/[^a-z]/)
      .map((letter) => letters[letter])
      .filter((name) => pieces[name]);
    for (const [index, name] of present.entries()) {
      if (index > 0) yield literal(between(order, isWritten, name, present));
      yield pieces[name];
    }
    if (era !== undefined) {
      yield literal(" ");
      yield { type: "era", value: eraOf(full > 0, era) };
    }
  }

  #monthName(local, how) {
    const name = MONTHS[local.getUTCMonth()];
    return how === "short" && name === "September" && this.#language === "en-GB" ? "Sept" : shorten(name, how);
  }

  #digits(name, value) {
    const { dateStyle, weekday, month, day } = this.#options;
    const { padded } = LANGUAGES[this.#language];
    const isPlain = month === "numeric" && (day === "numeric" || day === undefined);
    const isWithWeekday = weekday !== undefined && (month === "numeric" || month === "2-digit");
    if (
      (padded && (isPlain || isWithWeekday)) ||
      this.#options[name] === "2-digit" ||
      (this.#language === "de-DE" && dateStyle !== undefined)
    ) {
      return two(value);
    }
    return String(value);
  }

  *#time(local) {
    const { hour, minute, second, fractionalSecondDigits, timeStyle, timeZoneName } = this.#options;
    const isHalved = this.#cycle === "h12" || this.#cycle === "h11";
    const pieces = [];
    if (hour !== undefined) {
      const whole = local.getUTCHours();
      let shown = whole;
      if (this.#cycle === "h12") shown = whole % 12 || 12;
      else if (this.#cycle === "h11") shown = whole % 12;
      else if (this.#cycle === "h24") shown = whole || 24;
      const isUsual = this.#cycle === LANGUAGES[this.#language].longest && timeZoneName === undefined;
      const isShort = isUsual && timeStyle === undefined && minute === "2-digit" && (second ?? minute) === minute;
      const isPadded = hour === "2-digit" || (!isHalved && !isShort);
      pieces.push({ type: "hour", value: isPadded ? two(shown) : String(shown) });
    }
    // A single part is not padded, whatever the option says.
    const isAlone = [hour, minute, second].filter((one) => one !== undefined).length === 1;
    const shown = isAlone ? String : two;
    if (minute !== undefined) pieces.push({ type: "minute", value: shown(local.getUTCMinutes()) });
    if (second !== undefined) pieces.push({ type: "second", value: shown(local.getUTCSeconds()) });
    for (const [index, piece] of pieces.entries()) {
      if (index > 0) yield literal(":");
      yield piece;
    }
    if (fractionalSecondDigits !== undefined) {
      if (pieces.length > 0) yield literal(this.#language === "de-DE" || this.#language === "sv-SE" ? "," : ".");
      const digits = String(local.getUTCMilliseconds()).padStart(3, "0").slice(0, fractionalSecondDigits);
      yield { type: "fractionalSecond", value: digits };
    }
    if (hour !== undefined && isHalved) {
      const { halves } = LANGUAGES[this.#language];
      yield literal(" ");
      yield { type: "dayPeriod", value: halves[local.getUTCHours() < 12 ? 0 : 1] };
    }
  }
}

const literal = (value) => ({ type: "literal", value });
const two = (value) => String(value).padStart(2, "0");

function shorten(name, how) {
  if (how === "narrow") return name.slice(0, 1);
  return how === "short" ? name.slice(0, 3) : name;
}

function eraOf(isCommon, how) {
  if (how === "long") return isCommon ? "Anno Domini" : "Before Christ";
  if (how === "narrow") return isCommon ? "A" : "B";
  return isCommon ? "AD" : "BC";
}

// The text before a part of a date.
function between(order, isWritten, name, present) {
  if (!isWritten && order === "d.m.y" && !present.includes("day")) return "/";
  if (!isWritten) return /[^a-z]/.exec(order)[0];
  if (name === "year" && order.startsWith("m") && present.includes("day")) return ", ";
  return " ";
}
