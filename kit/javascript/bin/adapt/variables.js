// The variables that a source reads, and which of them has the key that the function checks.

import { isMember } from "./source.js";

// Those that platforms set; a function goes on without them.
const PLATFORM =
  /^(?:NODE_ENV|PORT|HOME|PATH|TZ|DEBUG|LOG_LEVEL|K_\w+|FUNCTION_\w+|GCP_PROJECT|GCLOUD_PROJECT|GOOGLE_CLOUD_PROJECT|AWS_(?:REGION|LAMBDA_\w+|EXECUTION_ENV))$/;

/** All variables, in the order of the source, and the places that name none. */
export function variablesOf({ modules }) {
  const byName = new Map();
  const notLiteral = [];
  for (const module of modules) {
    for (const { name, line, hasDefault, words } of readsOf(module)) {
      const place = `${module.shown}, line ${line}`;
      if (name === undefined) {
        notLiteral.push(`${place}: ${words}`);
        continue;
      }
      const has_default = hasDefault || PLATFORM.test(name);
      const known = byName.get(name);
      // One place that needs it is enough.
      if (known === undefined) byName.set(name, { name, place, has_default });
      else known.has_default &&= has_default;
    }
  }
  return { named: [...byName.values()], notLiteral };
}

/** The places that read variables, by whatever name `process.env` goes. */
export function* readsOf({ tokens }) {
  const names = environments(tokens);
  for (let at = 0; at < tokens.length; at++) {
    const after = endOfEnvironment(tokens, at, names);
    if (after === undefined) continue;
    yield* destructured(tokens, at);
    const line = tokens[at].line;
    const [sign, name] = [tokens[after], tokens[after + 1]];
    if (sign?.type !== "sign" || !name) continue;
    const isBracket = sign.value === "[" || (sign.value === "?." && name.value === "[");
    if (isBracket) {
      const inner = tokens[sign.value === "[" ? after + 1 : after + 2];
      const close = tokens.indexOf(inner) + 1;
      const isText = inner?.type === "text" || (inner?.type === "template" && inner.whole) || false;
      if (isText && tokens[close]?.value === "]") {
        if (!isWritten(tokens, close + 1))
          yield { name: inner.value, line, at, end: close, hasDefault: hasDefault(tokens, close + 1) };
      } else {
        yield { line, words: `process.env[${inner?.value ?? ""}${tokens[close]?.value === "]" ? "" : "…"}]` };
      }
    } else if ((sign.value === "." || sign.value === "?.") && name.type === "name") {
      if (!isWritten(tokens, after + 2)) {
        yield { name: name.value, line, at, end: after + 1, hasDefault: hasDefault(tokens, after + 2) };
      }
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

/** Where the tokens after `process.env` begin, if one begins here. */
export function endOfEnvironment(tokens, at, names) {
  const { type, value } = tokens[at];
  if (type !== "name") return undefined;
  if (value === "process" && [".", "?."].includes(tokens[at + 1]?.value) && tokens[at + 2]?.value === "env")
    return at + 3;
  const isOwn = names.has(value) && !isMember(tokens, at);
  return isOwn && tokens[at + 1]?.value !== "=" && tokens[at + 1]?.value !== ":" ? at + 1 : undefined;
}

const DEFAULTS = new Set(["||", "??", "?"]);
const hasDefault = (tokens, at) => {
  const next = tokens[at];
  if (next?.type !== "sign" || !DEFAULTS.has(next.value)) return false;
  const other = tokens[at + 1];
  const isNothing = (other?.type === "text" && other.value === "") || ["null", "undefined"].includes(other?.value);
  // `throw` and calls that end it are no values, which only reading tells.
  return !isNothing;
};
const isWritten = (tokens, at) => tokens[at]?.type === "sign" && ["=", "||=", "??="].includes(tokens[at].value);

// `const { A, B: b, C = "c" } = process.env`.
function* destructured(tokens, at) {
  if (tokens[at - 1]?.value !== "=" || tokens[at - 2]?.value !== "}") return;
  let begin = at - 2;
  for (let depth = 0; begin >= 0; begin--) {
    const { type, value } = tokens[begin];
    if (type !== "sign") continue;
    if (value === "}") depth += 1;
    if (value === "{" || value === "${") depth -= 1;
    if (depth === 0) break;
  }
  for (let member = begin + 1; member < at - 2; member++) {
    const { type, value, line } = tokens[member];
    const isFirst = ["{", ","].includes(tokens[member - 1]?.value);
    if (!isFirst) continue;
    if (value === "...") yield { line, words: `{ ...${tokens[member + 1]?.value} } = process.env` };
    else if (type === "name" || type === "text") {
      const renamed = tokens[member + 1]?.value === ":";
      const local = renamed ? tokens[member + 2]?.value : value;
      const defaulted = tokens[renamed ? member + 3 : member + 1]?.value === "=";
      yield { name: value, line, at: member, end: member, local, hasDefault: defaulted };
    }
  }
}

/** The variable that is compared with the request's header, or else the one that is named as such. */
export function keyOf({ modules }, { named }) {
  for (const module of modules) {
    const name = comparedWithHeader(module);
    if (name !== undefined) return name;
  }
  return named.find(({ name }) => /WELD.*(?:KEY|TOKEN|SECRET|AUTH|PASSWORD)/i.test(name))?.name;
}

const COMPARES = new Set(["===", "!==", "==", "!="]);

function comparedWithHeader(module) {
  const { tokens } = module;
  const [variables, headers] = namesOf(module);
  for (let at = 0; at < tokens.length; at++) {
    const isCall = tokens[at].value === "timingSafeEqual";
    if (!COMPARES.has(tokens[at].value) && !isCall) continue;
    const around = statementAround(tokens, at);
    const isHeader = around.some(({ type, value }) => isHeaderName(value) || (type === "name" && headers.has(value)));
    if (!isHeader) continue;
    const found = variables.find(({ at: read, local }) => {
      const isHere = around.includes(tokens[read]);
      return isHere || around.some(({ type, value }) => type === "name" && value === local);
    });
    if (found !== undefined) return found.name;
  }
  return undefined;
}

const isHeaderName = (value) => typeof value === "string" && /^authorization$/i.test(value);

// The variables with the names that they are kept by, and the names that hold the header.
function namesOf(module) {
  const { tokens } = module;
  const variables = [...readsOf(module)].filter(({ name }) => name !== undefined);
  for (const read of variables) read.local ??= assignedName(tokens, read.at);
  const headers = new Set();
  for (let round = 0; round < 2; round++) {
    tokens.forEach(({ type, value }, at) => {
      if (isHeaderName(value) || (type === "name" && headers.has(value))) {
        const name = assignedName(tokens, at);
        if (name !== undefined) headers.add(name);
      }
    });
  }
  return [variables, headers];
}

// The name that the expression around a token is assigned to, in the same statement.
function assignedName(tokens, at) {
  for (let before = at - 1; before >= 0 && at - before < 30; before--) {
    const { type, value } = tokens[before];
    if (type === "sign" && [";", "=>", ","].includes(value)) return undefined;
    if (type === "sign" && value === "=")
      return tokens[before - 1]?.type === "name" ? tokens[before - 1].value : undefined;
  }
  return undefined;
}

function statementAround(tokens, at) {
  const ends = (token) =>
    token === undefined || (token.type === "sign" && [";", "{", "}", "&&", "||"].includes(token.value));
  let [begin, end] = [at, at];
  // The braces of a template's expression belong to it.
  while (!ends(tokens[begin - 1]) || isOfTemplate(tokens, begin - 1)) begin -= 1;
  while (!ends(tokens[end + 1]) || isOfTemplate(tokens, end + 1)) end += 1;
  return tokens.slice(begin, end + 1);
}

const isOfTemplate = (tokens, at) =>
  tokens[at]?.value === "${" || (tokens[at]?.value === "}" && tokens[at + 1]?.type === "piece");
