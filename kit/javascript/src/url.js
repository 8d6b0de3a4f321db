// `URL` for engines without it: http and https, hosts in ASCII (WHATWG's URL Standard within these bounds).

import { URLSearchParams } from "./search-params.js";

const PORTS = { "http:": "80", "https:": "443" };
const PARTS = /^(?:([a-z][a-z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(\?[^#]*)?(#.*)?$/is;
// What may stand as it is in each part, besides letters and digits.
const IN_PATH = /[^!$%&'()*+,\-./:;=@[\\\]_|~0-9A-Za-z]/gu;
const IN_QUERY = /[^!$%&()*+,\-./:;=?@[\\\]^_`{|}~0-9A-Za-z]/gu;
const IN_FRAGMENT = /[^!#$%&'()*+,\-./:;=?@[\\\]^_{|}~0-9A-Za-z]/gu;
const IN_USER = /[^!$%&'()*+,\-._~0-9A-Za-z]/gu;

const escape = (text, forbidden) =>
  text.replace(forbidden, (character) => {
    const bytes = new TextEncoder().encode(character);
    return Array.from(bytes, (byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("");
  });

function invalid(text) {
  return new TypeError(`${JSON.stringify(text)} is no URL that can be read here`);
}

function withoutDots(path) {
  const segments = [];
  const given = path.split("/");
  given.forEach((segment, index) => {
    const plain = segment.replace(/%2e/gi, ".");
    const isLast = index === given.length - 1;
    if (plain === "..") {
      if (segments.length > 1) segments.pop();
      if (isLast) segments.push("");
    } else if (plain === ".") {
      if (isLast) segments.push("");
    } else {
      segments.push(segment);
    }
  });
  return segments.join("/");
}

function readAuthority(authority, protocol, text) {
  const [, user = "", secret = "", host, port = ""] =
    /^(?:([^:@]*)(?::(.*))?@)?(\[[0-9a-f:.]+\]|[^:@[\]]*)(?::(\d*))?$/is.exec(authority) ?? [];
  const name = host?.toLowerCase();
  // Not decoded, since `%` and what is not ASCII would need the tables of IDNA; nor are the short forms of addresses.
  if (!name || /[^0-9a-z.\-_~!$&'()*+,;=[\]:]/.test(name) || Number(port) > 65535) throw invalid(text);
  const number = port === "" ? "" : String(Number(port));
  return {
    username: escape(user, IN_USER),
    password: escape(secret, IN_USER),
    hostname: name,
    port: number === PORTS[protocol] ? "" : number,
  };
}

function read(text, base) {
  const trimmed = text
    .replace(/^[\0-\x20]+|[\0-\x20]+$/g, "")
    .replace(/[\t\n\r]/g, "")
    .toWellFormed();
  const end = /[?#]/.exec(trimmed)?.index ?? trimmed.length;
  const slashed = trimmed.slice(0, end).replaceAll("\\", "/") + trimmed.slice(end);
  const [, scheme, authority, path, query, fragment] = PARTS.exec(slashed) ?? [];
  const protocol = scheme === undefined ? base?.protocol : `${scheme.toLowerCase()}:`;
  if (PORTS[protocol] === undefined || (scheme !== undefined && authority === undefined)) throw invalid(text);
  const parts = {
    protocol,
    search: query === undefined ? "" : escape(query, IN_QUERY),
    hash: fragment === undefined ? "" : escape(fragment, IN_FRAGMENT),
  };
  if (authority !== undefined) {
    return { ...parts, ...readAuthority(authority, protocol, text), pathname: cleanPath(path) };
  }
  const { username, password, hostname, port } = base;
  const kept = { ...parts, username, password, hostname, port };
  if (path === "") {
    return { ...kept, pathname: base.pathname, search: query === undefined ? base.search : parts.search };
  }
  const folder = base.pathname.slice(0, base.pathname.lastIndexOf("/") + 1);
  return { ...kept, pathname: cleanPath(path.startsWith("/") ? path : folder + path) };
}

const cleanPath = (path) => withoutDots(escape(path.startsWith("/") ? path : `/${path}`, IN_PATH));

// A `?` or `#` with nothing after it shows in `href` alone.
const unlessEmpty = (part) => (part.length > 1 ? part : "");

export class URL {
  #parts;
  #parameters;

  constructor(url, base) {
    this.#parts = read(String(url), base === undefined ? undefined : new URL(String(base)));
  }

  static canParse(url, base) {
    return URL.parse(url, base) !== null;
  }

  static parse(url, base) {
    try {
      return new URL(url, base);
    } catch {
      return null;
    }
  }

  get href() {
    const { protocol, username, password, pathname, search, hash } = this.#parts;
    const user = username || password ? `${username}${password && `:${password}`}@` : "";
    return `${protocol}//${user}${this.host}${pathname}${search}${hash}`;
  }

  set href(url) {
    this.#parts = read(String(url));
    this.#parameters = undefined;
  }

  get origin() {
    return `${this.#parts.protocol}//${this.host}`;
  }

  get host() {
    const { hostname, port } = this.#parts;
    return port === "" ? hostname : `${hostname}:${port}`;
  }

  get protocol() {
    return this.#parts.protocol;
  }

  get username() {
    return this.#parts.username;
  }

  get password() {
    return this.#parts.password;
  }

  get hostname() {
    return this.#parts.hostname;
  }

  get port() {
    return this.#parts.port;
  }

  get pathname() {
    return this.#parts.pathname;
  }

  set pathname(path) {
    this.#parts.pathname = cleanPath(String(path).replace(/[?#]/g, (sign) => (sign === "?" ? "%3F" : "%23")));
  }

  get search() {
    return unlessEmpty(this.#parts.search);
  }

  set search(query) {
    const text = String(query).replace(/^\?/, "").replaceAll("#", "%23");
    this.#parts.search = text === "" ? "" : escape(`?${text}`, IN_QUERY);
    this.#parameters = undefined;
  }

  get hash() {
    return unlessEmpty(this.#parts.hash);
  }

  set hash(fragment) {
    const text = String(fragment).replace(/^#/, "");
    this.#parts.hash = text === "" ? "" : escape(`#${text}`, IN_FRAGMENT);
  }

  get searchParams() {
    this.#parameters ??= URLSearchParams.of(this.#parts.search, (query) => {
      this.#parts.search = query === "" ? "" : `?${query}`;
    });
    return this.#parameters;
  }

  toString() {
    return this.href;
  }

  toJSON() {
    return this.href;
  }

  get [Symbol.toStringTag]() {
    return "URL";
  }
}
