// The places where a source reads variables: through `process.env`, through other names of it, and through the source's
// own functions.

import { DEFAULT, NEEDED, TESTED, USED, useOf, usesOf } from "./need.js";
import { argumentsOf, functionsOf, pairsOf } from "./shapes.js";
import { isMember } from "./source.js";

const readsBySource = new WeakMap();

/**
 * The reads of each module: `{ name, line, at, end, local, uses }`. `local` is the name that holds the value; `uses`
 * says what its absence means. A read whose variable name is not a literal has `words` instead of `name`.
 */
export function readsIn(source) {
  if (!readsBySource.has(source)) readsBySource.set(source, findReads(source));
  return readsBySource.get(source);
}

function findReads({ modules }) {
  const direct = new Map(modules.map((module) => [module, [...readsOf(module)]]));
  const texts = constantsOf(modules);
  const wrappers = new Map();
  for (const [module, reads] of direct) {
    for (const read of reads.filter(({ name }) => name === undefined)) {
      const names = namesOf(module.tokens, read, texts);
      const wrapper = names === undefined ? wrapperOf(module, read) : undefined;
      if (names !== undefined) read.names = names;
      if (wrapper !== undefined) wrappers.set(wrapper.name, wrapper);
    }
  }
  const found = new Map();
  for (const [module, reads] of direct) {
    const named = reads.flatMap((read) => (read.names ?? [read.name]).map((name) => ({ ...read, name })));
    found.set(module, [...named, ...wrapped(module, wrappers)]);
  }
  for (const [module, reads] of found) {
    const kept = reads.filter(({ name, wrapper }) => name !== undefined || !wrapper?.isCalled);
    for (const read of kept) if (read.name !== undefined) read.uses = usesOfRead(modules, module, read);
    found.set(
      module,
      kept.sort((one, other) => one.at - other.at),
    );
  }
  return found;
}

// What the place of the read says about the absence or, if it says nothing, what the uses of the name that holds the
// value say.
function usesOfRead(modules, { tokens }, { name, at, end, local, hasDefault, needed, set, tested }) {
  if (set) return [DEFAULT];
  if (tested) return [TESTED];
  if (needed) return [NEEDED];
  if (hasDefault) return [DEFAULT];
  const own = local === undefined ? useOf(tokens, at, end, name) : USED;
  if (own !== USED) return [own];
  const held = local ?? heldBy(tokens, at, end);
  if (held === undefined) return [USED];
  const isProperty = local === undefined && tokens[at - 1].value === ":";
  const uses = usesOf(modules, held, isProperty, name);
  if (uses.length > 0) return uses;
  // A name without uses is not needed. An export may be used as a member.
  const isExport = usesOf(modules, held, true, name).length > 0;
  return [isProperty || isExport ? USED : TESTED];
}

// `NAME = process.env.A` or `NAME: process.env.A`, without anything else in the expression.
function heldBy(tokens, at, end) {
  const [before, next] = [tokens[at - 1], tokens[end + 1]];
  const isAlone =
    next === undefined || (next.type === "sign" && [";", ",", "}", ")"].includes(next.value)) || next.line > tokens[end].line;
  const isHeld = before?.type === "sign" && ["=", ":"].includes(before.value) && tokens[at - 2]?.type === "name";
  return isAlone && isHeld ? tokens[at - 2].value : undefined;
}

function* readsOf({ tokens }) {
  const names = environments(tokens);
  for (let at = 0; at < tokens.length; at++) {
    const after = endOfEnvironment(tokens, at, names);
    if (after === undefined) continue;
    yield* destructured(tokens, at);
    const line = tokens[at].line;
    const [sign, name] = [tokens[after], tokens[after + 1]];
    if (tokens[at - 1]?.value === "in" && tokens[at - 2]?.type === "text") {
      yield { name: tokens[at - 2].value, line, at: at - 2, end: after - 1, tested: true };
    }
    if (sign?.type !== "sign" || !name) continue;
    const isDeleted = tokens[at - 1]?.value === "delete";
    const isBracket = sign.value === "[" || (sign.value === "?." && name.value === "[");
    if (isBracket) {
      const first = sign.value === "[" ? after + 1 : after + 2;
      const inner = tokens[first];
      const close = pairsOf(tokens).get(first - 1) ?? first + 1;
      const isAlone = close === first + 1;
      const isText = inner?.type === "text" || (inner?.type === "template" && inner.whole) || false;
      const place = { line, at, end: close };
      if (isDeleted) continue;
      if (isAlone && isText) yield { name: inner.value, ...place, set: isWritten(tokens, close + 1) };
      else if (!isWritten(tokens, close + 1)) {
        const words = `process.env[${inner?.value ?? ""}${isAlone ? "" : "…"}]`;
        yield { ...place, words, inner: isAlone && inner.type === "name" ? inner.value : undefined };
      }
    } else if ((sign.value === "." || sign.value === "?.") && name.type === "name") {
      if (tokens[after + 2]?.value === "(" || isDeleted) continue;
      yield { name: name.value, line, at, end: after + 1, set: isWritten(tokens, after + 2) };
    }
  }
}

// `const env = process.env`, `const { env } = process`, `import { env as e } from "process"`.
function environments(tokens) {
  const names = new Set();
  for (let at = 0; at < tokens.length; at++) {
    const values = tokens.slice(at, at + 8).map(({ value }) => value);
    const [one, two, three, four, five, six] = values;
    if (["const", "let", "var"].includes(one) && three === "=" && four === "process" && five === "." && six === "env") {
      const next = tokens[at + 6]?.value;
      if (next !== "." && next !== "[" && next !== "?.") names.add(two);
    }
    if (one === "{" && (two === "env" || two === "environ")) {
      const renamed = three === ":" || three === "as";
      const close = renamed ? 4 : 2;
      const isProcess = values[close + 1] === "=" && values[close + 2] === "process";
      const isImport = values[close + 1] === "from" && /^(?:node:)?process$/.test(values[close + 2]);
      if (values[close] === "}" && (isProcess || isImport)) names.add(renamed ? four : two);
    }
  }
  return names;
}

/** The index after `process.env`, if it begins at this token. */
function endOfEnvironment(tokens, at, names) {
  const { type, value } = tokens[at];
  if (type !== "name") return undefined;
  if (value === "process" && [".", "?."].includes(tokens[at + 1]?.value) && tokens[at + 2]?.value === "env")
    return at + 3;
  const isOwn = names.has(value) && !isMember(tokens, at);
  return isOwn && tokens[at + 1]?.value !== "=" && tokens[at + 1]?.value !== ":" ? at + 1 : undefined;
}

const isWritten = (tokens, at) => tokens[at]?.type === "sign" && ["=", "||=", "??="].includes(tokens[at].value);

// `const { A, B: b, C = "c" } = process.env`.
function* destructured(tokens, at) {
  if (tokens[at - 1]?.value !== "=" || tokens[at - 2]?.value !== "}") return;
  const begin = pairsOf(tokens).get(at - 2);
  if (begin === undefined) return;
  for (let member = begin + 1; member < at - 2; member++) {
    const { type, value, line } = tokens[member];
    const isFirst = ["{", ","].includes(tokens[member - 1]?.value);
    if (!isFirst) continue;
    if (value === "...") yield { at: member, line, words: `{ ...${tokens[member + 1]?.value} } = process.env` };
    else if (type === "name" || type === "text") {
      const renamed = tokens[member + 1]?.value === ":";
      const local = renamed ? tokens[member + 2]?.value : value;
      const defaulted = tokens[renamed ? member + 3 : member + 1]?.value === "=";
      yield { name: value, line, at: member, end: member, local, hasDefault: defaulted };
    }
  }
}

/** The constants of a source that are a text or a list of texts: `const NAME = "…"`, `const NAMES = ["…", "…"]`. */
export function constantsOf(modules) {
  const found = new Map();
  for (const { tokens } of modules) {
    tokens.forEach(({ value }, at) => {
      if (value !== "const" || tokens[at + 1]?.type !== "name" || tokens[at + 2]?.value !== "=") return;
      const texts = textsAt(tokens, at + 3);
      if (texts !== undefined) found.set(tokens[at + 1].value, texts);
    });
  }
  return found;
}

// The texts of a literal, or of a list of literals.
function textsAt(tokens, at) {
  const isText = (token) => token?.type === "text" || (token?.type === "template" && token.whole);
  if (isText(tokens[at])) return [";", undefined].includes(tokens[at + 1]?.value) || tokens[at + 1].line > tokens[at].line ? [tokens[at].value] : undefined;
  const close = tokens[at]?.value === "[" ? pairsOf(tokens).get(at) : undefined;
  if (close === undefined) return undefined;
  const items = tokens.slice(at + 1, close).filter(({ value, type }) => type !== "sign" || value !== ",");
  return items.length > 0 && items.every(isText) ? items.map(({ value }) => value) : undefined;
}

// The variables of `process.env[name]`, if the name is a constant or iterates over a list.
function namesOf(tokens, { inner, at }, texts) {
  if (inner === undefined) return undefined;
  if (texts.get(inner)?.length === 1) return texts.get(inner);
  const listAt = (place) => textsAt(tokens, place) ?? texts.get(tokens[place]?.value);
  for (let before = at; before > 1; before--) {
    // `for (const name of NAMES)`.
    const isLoop = tokens[before].value === "of" && tokens[before - 1].value === inner;
    if (isLoop) return listAt(before + 1);
    // `NAMES.forEach((name) => …)`.
    const isCall = /^(?:forEach|filter|map|some|every|find|flatMap)$/.test(tokens[before].value);
    if (isCall && tokens[before + 1]?.value === "(" && [2, 3].some((step) => tokens[before + step]?.value === inner)) {
      const end = before - 2;
      const list = tokens[end]?.value === "]" ? pairsOf(tokens).get(end) : end;
      return list === undefined ? undefined : listAt(list);
    }
  }
  return undefined;
}

// A function of the source that reads the variable whose name is passed to it.
function wrapperOf({ tokens }, read) {
  const { inner, at } = read;
  const own = functionsOf(tokens).filter(
    ({ name, parameters, begin, end }) => name !== undefined && parameters.includes(inner) && begin <= at && at <= end,
  );
  const made = own.at(-1);
  if (inner === undefined || made === undefined) return undefined;
  const body = tokens.slice(made.begin, made.end + 1);
  const wrapper = {
    name: made.name,
    parameter: made.parameters.indexOf(inner),
    throws: body.some(({ type, value }) => type === "name" && value === "throw"),
    // A default that is a parameter exists only in calls that pass it.
    hasDefault: useOf(tokens, at, read.end) === DEFAULT && !made.parameters.includes(tokens[read.end + 2]?.value),
    isCalled: false,
  };
  read.wrapper = wrapper;
  return wrapper;
}

// The calls of these functions.
function* wrapped({ tokens }, wrappers) {
  for (let at = 0; at < tokens.length; at++) {
    const wrapper = tokens[at].type === "name" ? wrappers.get(tokens[at].value) : undefined;
    const open = at + 1;
    if (wrapper === undefined || tokens[open]?.value !== "(" || tokens[at - 1]?.value === "function") continue;
    const close = pairsOf(tokens).get(open);
    if (close === undefined || ["{", "=>"].includes(tokens[close + 1]?.value)) continue;
    const values = argumentsOf(tokens, open);
    const name = values[wrapper.parameter];
    const isText = name !== undefined && name.begin === name.end && tokens[name.begin].type === "text";
    if (!isText) continue;
    wrapper.isCalled = true;
    const hasOther = values.length > wrapper.parameter + 1;
    yield {
      name: tokens[name.begin].value,
      line: tokens[at].line,
      at: tokens[at - 1]?.value === "." ? at - 2 : at,
      end: close,
      hasDefault: hasOther || (wrapper.hasDefault && !wrapper.throws),
      needed: wrapper.throws && !hasOther,
    };
  }
}

/** The name to which the expression around a token is assigned, in the same statement. */
export function assignedName(tokens, at) {
  for (let before = at - 1; before >= 0 && at - before < 30; before--) {
    const { type, value } = tokens[before];
    if (type === "sign" && [";", "=>", ","].includes(value)) return undefined;
    if (type === "sign" && value === "=")
      return tokens[before - 1]?.type === "name" ? tokens[before - 1].value : undefined;
  }
  return undefined;
}

