// `URL` for engines without it: WHATWG's URL Standard, limited to http and https and to hosts in ASCII. The README
// describes these limits. A URL beyond them is an error.

import { readHost } from "./url-host.js";
import { URLSearchParams } from "./search-params.js";

const PORTS = { "http:": "80", "https:": "443" };
const PARTS = /^(?:([a-z][a-z0-9+.-]*):)?([^?#]*)(\?[^#]*)?(#.*)?$/is;
// The characters that each part may contain unescaped, in addition to letters and digits.
const IN_PATH = /[^!$%&'()*+,\-./:;=@[\\\]_|~0-9A-Za-z]/gu;
const IN_QUERY = /[^!$%&()*+,\-./:;=?@[\\\]^_`{|}~0-9A-Za-z]/gu;
const IN_FRAGMENT = /[^!#$%&'()*+,\-./:;=?@[\\\]^_{|}~0-9A-Za-z]/gu;
const IN_USER = /[^!$%&'()*+,\-._~0-9A-Za-z]/gu;

const escape = (text, forbidden) =>
  text.replace(forbidden, (character) => {
    const bytes = new TextEncoder().encode(character);
    return Array.from(bytes, (byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("");
  });

const withoutBreaks = (text) => String(text).replace(/[\t\n\r]/g, "");

function invalid(text) {
  return new TypeError(`${JSON.stringify(text)} is not a valid http or https URL with a host in ASCII`);
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
  const at = authority.lastIndexOf("@");
  const [, username, password = ""] = /^([^:]*)(?::(.*))?$/s.exec(authority.slice(0, Math.max(at, 0)));
  const [, host = "", port = ""] = /^(\[[^\]]*\]|[^:]*)(?::([0-9]*))?$/.exec(authority.slice(at + 1)) ?? [];
  const hostname = readHost(host);
  if (hostname === undefined || Number(port) > 65535) throw invalid(text);
  const number = port === "" ? "" : String(Number(port));
  return {
    username: escape(username, IN_USER),
    password: escape(password, IN_USER),
    hostname,
    port: number === PORTS[protocol] ? "" : number,
  };
}

function read(text, base) {
  const trimmed = withoutBreaks(text.replace(/^[\0-\x20]+|[\0-\x20]+$/g, ""));
  const [, scheme, given, query, fragment] = PARTS.exec(trimmed);
  const protocol = scheme === undefined ? base?.protocol : `${scheme.toLowerCase()}:`;
  if (PORTS[protocol] === undefined) throw invalid(text);
  const rest = given.replaceAll("\\", "/");
  const parts = {
    protocol,
    search: query === undefined ? "" : escape(query, IN_QUERY),
    hash: fragment === undefined ? "" : escape(fragment, IN_FRAGMENT),
  };
  // The slashes may be missing after a scheme that differs from the base's. After the base's own scheme, a path
  // follows.
  if (rest.startsWith("//") || protocol !== base?.protocol) {
    const [, authority, path] = /^\/*([^/]*)(.*)$/s.exec(rest);
    return { ...parts, ...readAuthority(authority, protocol, text), pathname: cleanPath(path) };
  }
  const { username, password, hostname, port } = base;
  const kept = { ...parts, username, password, hostname, port };
  if (rest === "") {
    return { ...kept, pathname: base.pathname, search: query === undefined ? base.search : parts.search };
  }
  const folder = base.pathname.slice(0, base.pathname.lastIndexOf("/") + 1);
  return { ...kept, pathname: cleanPath(rest.startsWith("/") ? rest : folder + rest) };
}

const cleanPath = (path) => withoutDots(escape(path.startsWith("/") ? path : `/${path}`, IN_PATH));

// A `?` or `#` with nothing after it appears only in `href`.
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
    this.#rereadParameters();
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
    const slashed = withoutBreaks(path).replaceAll("\\", "/");
    this.#parts.pathname = cleanPath(slashed.replaceAll("?", "%3F").replaceAll("#", "%23"));
  }

  get search() {
    return unlessEmpty(this.#parts.search);
  }

  set search(query) {
    const text = withoutBreaks(query);
    this.#parts.search = text && escape(`?${text.replace(/^\?/, "")}`, IN_QUERY).replaceAll("#", "%23");
    this.#rereadParameters();
  }

  get hash() {
    return unlessEmpty(this.#parts.hash);
  }

  set hash(fragment) {
    const text = withoutBreaks(fragment);
    this.#parts.hash = text && escape(`#${text.replace(/^#/, "")}`, IN_FRAGMENT);
  }

  get searchParams() {
    this.#parameters ??= URLSearchParams.of(this.#parts.search, (query) => {
      this.#parts.search = query === "" ? "" : `?${query}`;
    });
    return this.#parameters;
  }

  // A `searchParams` object that the caller holds stays connected to the URL.
  #rereadParameters() {
    if (this.#parameters !== undefined) URLSearchParams.reread(this.#parameters, this.#parts.search);
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
