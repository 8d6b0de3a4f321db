// The headers and query parameters that a function reads from requests, and the names that hold their values.

import { assignedName } from "./reads.js";
import { argumentsOf, functionsOf, pairsOf } from "./shapes.js";
import { isMember } from "./source.js";

const REQUESTS = /^(?:req|request|event|evt|ctx|context|e)$/i;
const ANSWERS = /^(?:res|resp|response|answer|result|reply)$/i;
const ARGUMENTS = new Set(["query", "queryStringParameters", "searchParams"]);
const CUTS = new Set(["split", "slice", "substring", "substr", "replace", "replaceAll", "match", "exec"]);
const SCHEME = /(?:^|\W)(Bearer|Basic|Token|ApiKey|Key)[ :]?$/i;

/** The values of requests in all modules. */
export class RequestValues {
  #texts;
  #names = new Map();
  #functions = new Map();
  #objects = new Map();

  constructor(modules, texts) {
    this.#texts = texts;
    for (const module of modules) {
      this.#names.set(module, []);
      this.#objects.set(module, objectsOf(module.tokens));
    }
    // A name may take its value from another name and pass it to a function, so this is repeated.
    for (let round = 0; round < 3; round++) {
      for (const module of modules) this.#follow(module, modules);
    }
  }

  /**
   * The request value in an expression: `{ header or argument, isCut, prefix }`. `isCut` means that only the part after
   * a prefix is used.
   */
  in(module, { begin, end }, isHeld = () => true) {
    for (let at = begin; at <= end; at++) {
      const found = this.#at(module, at, isHeld);
      if (found === undefined) continue;
      const words = module.tokens.slice(begin, end + 1);
      const isCut = found.isCut || words.some(({ type, value }) => type === "name" && CUTS.has(value));
      const scheme = words.map(({ type, value }) => (type === "text" ? SCHEME.exec(value)?.[1] : undefined)).find(Boolean);
      return { ...found, isCut, prefix: found.prefix ?? (isCut && scheme ? `${scheme} ` : undefined) };
    }
    return undefined;
  }

  #at(module, at, isHeld = () => true) {
    const { tokens } = module;
    const { type, value } = tokens[at];
    if (type !== "name") return undefined;
    const direct = this.#direct(module, at);
    if (direct !== undefined) return direct;
    if (tokens[at + 1]?.value === "(" && this.#functions.has(value)) return this.#functions.get(value);
    if (isMember(tokens, at)) return undefined;
    const held = this.#names.get(module).filter((one) => one.name === value && one.begin <= at && at <= one.end);
    return held.findLast(isHeld)?.found;
  }

  // `req.headers["x-api-key"]`, `req.get("x-api-key")`, `event.queryStringParameters?.key`, `url.searchParams.get("key")`.
  #direct(module, at) {
    const { tokens } = module;
    const { value } = tokens[at];
    const owner = isMember(tokens, at) ? tokens[at - 2]?.value : undefined;
    if (["get", "header"].includes(value) && REQUESTS.test(owner ?? "") && tokens[at + 1]?.value === "(") {
      return this.#named("header", tokens[at + 2]);
    }
    const alias = isMember(tokens, at) ? undefined : this.#objects.get(module).get(value);
    const kind = alias ?? (value === "headers" ? "header" : ARGUMENTS.has(value) ? "argument" : undefined);
    if (kind === undefined || ANSWERS.test(owner ?? "")) return undefined;
    const next = tokens[at + 1]?.value === "?." && tokens[at + 2]?.value === "[" ? at + 2 : at + 1;
    const [sign, name] = [tokens[next], tokens[next + 1]];
    if (sign?.value === "[") return this.#named(kind, name);
    if (![".", "?."].includes(sign?.value) || name?.type !== "name") return undefined;
    if (tokens[next + 2]?.value === "(") return name.value === "get" ? this.#named(kind, tokens[next + 3]) : undefined;
    return { [kind]: kind === "header" ? name.value.toLowerCase() : name.value, isCut: false };
  }

  #named(kind, token) {
    const text = token?.type === "text" ? token.value : token?.type === "name" ? this.#texts.get(token.value)?.[0] : undefined;
    return text === undefined ? undefined : { [kind]: kind === "header" ? text.toLowerCase() : text, isCut: false };
  }

  #follow(module, modules) {
    const { tokens } = module;
    const hold = (of, name, found, begin = 0, end = of.tokens.length) => {
      const known = this.#names.get(of);
      const isKnown = known.some((one) => one.name === name && one.begin === begin && one.end === end);
      if (!isKnown) known.push({ name, found, begin, end });
    };
    for (const { name, found } of this.#destructured(tokens)) hold(module, name, found);
    tokens.forEach(({ type, line }, at) => {
      if (type !== "name" || this.#at(module, at) === undefined) return;
      const name = assignedName(tokens, at);
      if (name === undefined || name === tokens[at].value) return;
      let end = at;
      while (tokens[end + 1] !== undefined && tokens[end + 1].line === line && tokens[end + 1].value !== ";") end += 1;
      hold(module, name, this.in(module, { begin: at, end }));
    });
    tokens.forEach(({ type, value }, at) => {
      if (type !== "name" || tokens[at + 1]?.value !== "(" || !pairsOf(tokens).has(at + 1)) return;
      argumentsOf(tokens, at + 1).forEach((side, index) => {
        const found = this.in(module, side);
        if (found === undefined) return;
        for (const other of modules) {
          for (const made of functionsOf(other.tokens).filter(({ name }) => name === value)) {
            if (made.parameters[index] !== undefined) hold(other, made.parameters[index], found, made.begin, made.end);
          }
        }
      });
    });
    for (const { name, begin, end } of functionsOf(tokens)) {
      if (name === undefined || this.#functions.has(name) || end - begin > 60) continue;
      const found = returned(tokens, begin, end)
        // A parameter of the function has another value in each call.
        .map((side) => this.in(module, side, (held) => held.begin !== begin || held.end !== end))
        .find((one) => one !== undefined);
      if (found !== undefined) this.#functions.set(name, found);
    }
  }

  // `const { authorization, "x-api-key": key } = req.headers`.
  *#destructured(tokens) {
    for (let at = 0; at + 1 < tokens.length; at++) {
      if (tokens[at].value !== "}" || tokens[at + 1].value !== "=" || !pairsOf(tokens).has(at)) continue;
      const kind = kindAt(tokens, at + 2);
      if (kind === undefined) continue;
      for (let member = pairsOf(tokens).get(at) + 1; member < at; member++) {
        const { type, value } = tokens[member];
        if (!["{", ","].includes(tokens[member - 1].value) || !["name", "text"].includes(type)) continue;
        const local = tokens[member + 1].value === ":" ? tokens[member + 2].value : value;
        yield { name: local, found: { [kind]: kind === "header" ? value.toLowerCase() : value, isCut: false } };
      }
    }
  }
}

// Names for all headers or all query parameters: `const h = req.headers`.
function objectsOf(tokens) {
  const found = new Map();
  tokens.forEach(({ type, value }, at) => {
    if (type !== "sign" || value !== "=" || tokens[at - 1]?.type !== "name") return;
    const kind = kindAt(tokens, at + 1);
    if (kind !== undefined) found.set(tokens[at - 1].value, kind);
  });
  return found;
}

// The kind of an expression such as `req.headers` or `event.queryStringParameters || {}`.
function kindAt(tokens, begin) {
  const [owner, sign, name, next] = tokens.slice(begin, begin + 4);
  if (owner?.type !== "name" || ![".", "?."].includes(sign?.value) || ANSWERS.test(owner.value)) return undefined;
  if (next?.type === "sign" && [".", "?.", "[", "("].includes(next.value)) return undefined;
  if (name?.value === "headers") return "header";
  return ARGUMENTS.has(name?.value) ? "argument" : undefined;
}

// The expressions that a function's body returns.
function returned(tokens, begin, end) {
  if (tokens[begin].value !== "{") {
    const isComparison = tokens.slice(begin, end + 1).some(({ value }) => ["===", "!==", "==", "!="].includes(value));
    return isComparison ? [] : [{ begin, end }];
  }
  const found = [];
  for (let at = begin; at <= end; at++) {
    if (tokens[at].type !== "name" || tokens[at].value !== "return") continue;
    let last = at;
    while (last < end && ![";", "}"].includes(tokens[last + 1].value) && tokens[last + 1].line === tokens[at].line) last += 1;
    const isComparison = tokens.slice(at, last + 1).some(({ value }) => ["===", "!==", "==", "!="].includes(value));
    if (!isComparison && last > at) found.push({ begin: at + 1, end: last });
  }
  return found;
}
