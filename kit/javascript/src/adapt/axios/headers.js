// `AxiosHeaders`: case-insensitive names that keep the case in which they were first written.

const TYPE = "Content-Type";

export class AxiosHeaders {
  constructor(headers) {
    if (headers) this.set(headers);
  }

  static from(headers) {
    return headers instanceof this ? headers : new this(headers);
  }

  static concat(...all) {
    return all.reduce((headers, more) => headers.set(more), new this());
  }

  #key(name) {
    const lower = String(name).toLowerCase();
    return Object.keys(this).find((key) => key.toLowerCase() === lower);
  }

  /**
   * Sets a header, or all headers of an object. With `rewrite: false`, an existing header is kept. The value `false`
   * prevents a header from being set later.
   */
  set(name, value, rewrite) {
    if (name === null || name === undefined) return this;
    if (typeof name === "object") {
      const pairs = typeof name[Symbol.iterator] === "function" ? [...name] : Object.entries(name);
      for (const [one, its] of pairs) this.set(one, its, value);
      return this;
    }
    const key = this.#key(name) ?? String(name);
    if (rewrite === false && this[key] !== undefined) return this;
    if (rewrite !== true && this[key] === false && rewrite !== undefined) return this;
    this[key] = value === false || value === null || value === undefined ? value : textOf(value);
    return this;
  }

  get(name) {
    const key = this.#key(name);
    return key === undefined ? undefined : this[key];
  }

  has(name) {
    return this.get(name) !== undefined;
  }

  delete(name) {
    const key = this.#key(name);
    return key !== undefined && delete this[key];
  }

  clear() {
    for (const key of Object.keys(this)) delete this[key];
    return true;
  }

  normalize() {
    return this;
  }

  concat(...all) {
    return AxiosHeaders.concat(this, ...all);
  }

  toJSON() {
    return Object.fromEntries(
      Object.entries(this).filter(([, value]) => value !== undefined && value !== null && value !== false),
    );
  }

  toString() {
    return Object.entries(this.toJSON())
      .map(([name, value]) => `${name}: ${value}`)
      .join("\n");
  }

  *[Symbol.iterator]() {
    yield* Object.entries(this.toJSON());
  }

  get [Symbol.toStringTag]() {
    return "AxiosHeaders";
  }
}

const textOf = (value) => (Array.isArray(value) ? value.map(String) : String(value).trim());

for (const name of [TYPE, "Content-Length", "Accept", "Accept-Encoding", "User-Agent", "Authorization"]) {
  const plain = name.replace("-", "");
  const methods = {
    [`get${plain}`]() {
      return this.get(name);
    },
    [`set${plain}`](value, rewrite) {
      return this.set(name, value, rewrite);
    },
    [`has${plain}`]() {
      return this.has(name);
    },
  };
  for (const [key, value] of Object.entries(methods)) {
    Object.defineProperty(AxiosHeaders.prototype, key, { value, configurable: true, writable: true });
  }
}
