// `Headers`, as in browsers and Node.

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const FORBIDDEN = /[\0\r\n]/;

function checkedName(name) {
  const text = String(name);
  if (!NAME.test(text)) throw new TypeError(`${JSON.stringify(text)} is not a valid header name`);
  return text.toLowerCase();
}

function checkedValue(name, value) {
  const text = String(value)
    .replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, "")
    .toWellFormed();
  if (FORBIDDEN.test(text)) throw new TypeError(`the value of the header ${name} contains a line break or NUL`);
  return text;
}

export class Headers {
  // Names in lower case, each with its values in order.
  #values = new Map();

  constructor(init) {
    if (init === undefined || init === null) return;
    if (typeof init !== "object") throw new TypeError("headers must be an object, a list of pairs or Headers");
    const pairs = typeof init[Symbol.iterator] === "function" ? init : Object.entries(init);
    for (const pair of pairs) {
      const [name, value, ...more] = pair;
      if (value === undefined || more.length > 0) {
        throw new TypeError(`the header ${String(name)} needs a value`);
      }
      this.append(name, value);
    }
  }

  append(name, value) {
    const key = checkedName(name);
    const values = this.#values.get(key);
    if (values) values.push(checkedValue(key, value));
    else this.#values.set(key, [checkedValue(key, value)]);
  }

  set(name, value) {
    const key = checkedName(name);
    this.#values.set(key, [checkedValue(key, value)]);
  }

  delete(name) {
    this.#values.delete(checkedName(name));
  }

  has(name) {
    return this.#values.has(checkedName(name));
  }

  get(name) {
    return this.#values.get(checkedName(name))?.join(", ") ?? null;
  }

  getSetCookie() {
    return [...(this.#values.get("set-cookie") ?? [])];
  }

  forEach(call, self) {
    for (const [name, value] of this) call.call(self, value, name, this);
  }

  // Sorted by name. Cookies are listed one by one, since a cookie may contain a comma.
  *entries() {
    for (const name of [...this.#values.keys()].sort()) {
      const values = this.#values.get(name);
      if (name === "set-cookie") for (const value of values) yield [name, value];
      else yield [name, values.join(", ")];
    }
  }

  *keys() {
    for (const [name] of this) yield name;
  }

  *values() {
    for (const [, value] of this) yield value;
  }

  [Symbol.iterator]() {
    return this.entries();
  }

  get [Symbol.toStringTag]() {
    return "Headers";
  }
}
