// `URLSearchParams` for engines without it (WHATWG's URL Standard, "application/x-www-form-urlencoded").

function escape(text) {
  return encodeURIComponent(text.toWellFormed())
    .replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%20", "+");
}

function unescape(text) {
  const spaced = text.replaceAll("+", " ");
  if (!spaced.includes("%")) return spaced;
  // Not with `decodeURIComponent`, which refuses a single `%` and bytes that are not UTF-8.
  const bytes = [];
  const source = new TextEncoder().encode(spaced);
  for (let index = 0; index < source.length; index++) {
    const hex = source[index] === 0x25 ? String.fromCharCode(...source.slice(index + 1, index + 3)) : "";
    if (/^[0-9a-f]{2}$/i.test(hex)) {
      bytes.push(parseInt(hex, 16));
      index += 2;
    } else {
      bytes.push(source[index]);
    }
  }
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(new Uint8Array(bytes));
}

function parse(query) {
  return query
    .split("&")
    .filter((part) => part !== "")
    .map((part) => {
      const equals = part.indexOf("=");
      return equals < 0 ? [unescape(part), ""] : [unescape(part.slice(0, equals)), unescape(part.slice(equals + 1))];
    });
}

function pairsFrom(init) {
  if (typeof init !== "object" || init === null) return parse(String(init).replace(/^\?/, ""));
  const pairs =
    typeof init[Symbol.iterator] === "function" ? Array.from(init, (pair) => [...pair]) : Object.entries(init);
  return pairs.map((pair) => {
    if (pair.length !== 2) throw new TypeError("each parameter must be a pair of name and value");
    return pair.map((part) => String(part).toWellFormed());
  });
}

export class URLSearchParams {
  #pairs;
  #changed = () => {};

  constructor(init = "") {
    this.#pairs = pairsFrom(init);
  }

  /** The parameters of a URL's query. `changed` is called with the new query after each change. */
  static of(query, changed) {
    const parameters = new URLSearchParams(query);
    parameters.#changed = () => changed(String(parameters));
    return parameters;
  }

  /** Reads the parameters again, after their URL's query has changed. */
  static reread(parameters, query) {
    parameters.#pairs = pairsFrom(query);
  }

  get size() {
    return this.#pairs.length;
  }

  append(name, value) {
    this.#pairs.push([String(name).toWellFormed(), String(value).toWellFormed()]);
    this.#changed();
  }

  delete(name, ...values) {
    this.#pairs = this.#pairs.filter((pair) => !matches(pair, name, values));
    this.#changed();
  }

  get(name) {
    return this.#pairs.find((pair) => matches(pair, name, []))?.[1] ?? null;
  }

  getAll(name) {
    return this.#pairs.filter((pair) => matches(pair, name, [])).map(([, value]) => value);
  }

  has(name, ...values) {
    return this.#pairs.some((pair) => matches(pair, name, values));
  }

  set(name, value) {
    const first = this.#pairs.find((pair) => matches(pair, name, []));
    if (first === undefined) {
      this.append(name, value);
      return;
    }
    first[1] = String(value).toWellFormed();
    this.#pairs = this.#pairs.filter((pair) => pair === first || !matches(pair, name, []));
    this.#changed();
  }

  sort() {
    this.#pairs.sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0));
    this.#changed();
  }

  forEach(call, self) {
    for (const [name, value] of this) call.call(self, value, name, this);
  }

  *entries() {
    for (const [name, value] of this.#pairs) yield [name, value];
  }

  *keys() {
    for (const [name] of this.#pairs) yield name;
  }

  *values() {
    for (const [, value] of this.#pairs) yield value;
  }

  [Symbol.iterator]() {
    return this.entries();
  }

  toString() {
    return this.#pairs.map(([name, value]) => `${escape(name)}=${escape(value)}`).join("&");
  }

  get [Symbol.toStringTag]() {
    return "URLSearchParams";
  }
}

const matches = ([name, value], wanted, [wantedValue]) =>
  name === String(wanted) && (wantedValue === undefined || value === String(wantedValue));
