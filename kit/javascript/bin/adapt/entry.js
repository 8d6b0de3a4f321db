// Finds the function that answers requests, as far as the source shows it without being run.

import { NotServed } from "./not-served.js";
import { isMember } from "./source.js";

const USUAL = ["handler", "default", "main", "index"];
const FRAMEWORK = "@google-cloud/functions-framework";
const APPS = {
  express: "Express",
  fastify: "Fastify",
  koa: "Koa",
  "@hapi/hapi": "hapi",
  hono: "Hono",
  restify: "restify",
};

/** A line for each import of a framework whose applications can't be served. */
export function refusedApps({ imports }) {
  return imports
    .filter(({ name, isOptional }) => !isOptional && Object.hasOwn(APPS, name))
    .map(
      ({ name, place }) =>
        `${place}: an application of ${APPS[name]} can't be served: export the function (req, res) that it routes to`,
    );
}

/**
 * The entry's name for people, and its line if the source shows it. Throws `NotServed` if it can't be served. If the
 * source doesn't show that, the first call reports it.
 */
export function entryOf(source, wanted) {
  const found = findEntry(source, wanted);
  return typeof found === "string" ? { words: found, line: undefined } : found;
}

function findEntry(source, wanted) {
  const { modules, file, imports } = source;
  const registered = imports.some(({ name }) => name === FRAMEWORK) ? registrations(source) : [];
  const http = registered.filter(({ kind }) => kind === "http");
  const { names, isOpen } = exportsOf(modules[0]);
  if (wanted !== undefined) {
    const known = [...names, ...http.map(({ name }) => name)];
    if (isOpen || known.includes(wanted) || registered.some(({ name }) => name === undefined))
      return { words: `${wanted} in ${file}`, line: lineOf(modules[0].tokens, wanted) };
    throw new NotServed(`${file} has no function ${wanted}${known.length > 0 ? `; it has ${known.join(", ")}` : ""}`);
  }
  if (http.length > 1)
    throw several(
      file,
      http.map(({ name }) => name),
    );
  if (http.length === 1) {
    const [{ name, shown, line }] = http;
    return { words: `functions.http(${JSON.stringify(name)}) in ${shown}`, line: shown === file ? line : undefined };
  }
  const event = registered.find(({ kind }) => kind === "cloudEvent");
  const usual = USUAL.find((name) => names.includes(name));
  const { tokens } = modules[0];
  const named = (name) => ({ words: `${name} in ${file}`, line: lineOf(tokens, name) });
  if (usual !== undefined) return usual === "default" ? `the default export in ${file}` : named(usual);
  if (isOpen) return `the export of ${file}`;
  if (names.length === 1) return named(names[0]);
  if (names.length > 1) {
    const functions = names.filter((name) => isKnownFunction(tokens, name));
    if (functions.length > 1) throw several(file, functions);
    // Which export is a function is only known at run time.
    return functions.length === 1 ? named(functions[0]) : `the export of ${file}`;
  }
  if (event !== undefined) {
    throw new NotServed(
      `${event.shown}:${event.line}: a function for cloud events can't be served: Weld sends HTTP requests, so it must ` +
        "be registered with functions.http",
    );
  }
  throw new NotServed(
    `${file} has no function that answers requests: export one, or register one with functions.http`,
  );
}

const several = (file, names) =>
  new NotServed(`${file} has several functions that could answer requests: ${names.join(", ")}; choose one with --entry`);

// Calls such as `functions.http("name", …)` and `http("name", …)`.
function registrations({ modules }) {
  const found = [];
  for (const { tokens, shown } of modules) {
    tokens.forEach(({ type, value, line }, at) => {
      const isCall = type === "name" && tokens[at + 1]?.value === "(";
      if (!isCall || !["http", "cloudEvent", "typed"].includes(value)) return;
      if (tokens[at + 2]?.type !== "text" || tokens[at + 3]?.value !== ",") return;
      found.push({ kind: value, name: tokens[at + 2].value, line, shown });
    });
  }
  return found;
}

// The names of a module's exports. `isOpen` means that there may be others, known only at run time.
function exportsOf({ tokens }) {
  const names = new Set();
  let isOpen = false;
  tokens.forEach(({ type, value }, at) => {
    if (type !== "name" || (isMember(tokens, at) && !(value === "exports" && tokens[at - 2]?.value === "module")))
      return;
    const next = (offset) => tokens[at + offset];
    if (value === "exports" && next(1)?.value === "." && next(3)?.value === "=") {
      if (!isPlainValue(next(4)) && next(2).value !== "__esModule") names.add(next(2).value);
    } else if (value === "exports" && next(1)?.value === "[") {
      if (next(2)?.type === "text") names.add(next(2).value);
      else isOpen = true;
    } else if (value === "exports" && next(1)?.value === "=") {
      if (next(2)?.value === "{") isOpen = !addMembers(tokens, at + 2, names) || isOpen;
      else if (isFunction(tokens, at + 2)) names.add("default");
      else isOpen = true;
    } else if (value === "export") {
      isOpen = !addExport(tokens, at, names) || isOpen;
    } else if (value === "Object" && next(2)?.value === "defineProperty" && next(4)?.value === "exports") {
      if (next(6)?.type === "text" && next(6).value !== "__esModule") names.add(next(6).value);
    } else if (value === "__exportStar") {
      isOpen = true;
    } else if (value === "Object" && next(2)?.value === "assign" && /exports|module/.test(next(4)?.value)) {
      isOpen = true;
    }
  });
  return { names: [...names], isOpen };
}

/** Whether the source shows that a name belongs to a function. */
function isKnownFunction(tokens, name) {
  return tokens.some(({ type, value }, at) => {
    if (type !== "name" || value !== name) return false;
    if (["function", "*"].includes(tokens[at - 1]?.value)) return true;
    if (tokens[at + 1]?.value !== "=") return false;
    const [other, end] = [tokens[at + 2], tokens[at + 3]];
    const isAlias = other?.type === "name" && other.value !== name && (end?.value === ";" || end?.line !== other.line);
    return isFunction(tokens, at + 2) || (isAlias && isKnownFunction(tokens, other.value));
  });
}

// The line of a function's definition.
const lineOf = (tokens, name) =>
  tokens.find(
    ({ type, value }, at) =>
      type === "name" &&
      value === name &&
      (tokens[at - 1]?.value === "function" || (tokens[at + 1]?.value === "=" && isFunction(tokens, at + 2))),
  )?.line;

const isPlainValue = (token) =>
  token !== undefined &&
  (["number", "text", "regex", "template"].includes(token.type) ||
    // `exports.a = exports.b = void 0`, which compilers write first, says nothing about the final value.
    ["[", "true", "false", "null", "void", "exports"].includes(token.value));

const isFunction = (tokens, at) => {
  const [one, two, three] = [tokens[at], tokens[at + 1], tokens[at + 2]];
  return (
    one?.value === "function" ||
    (one?.value === "async" && (two?.type === "name" || two?.value === "(")) ||
    one?.value === "(" ||
    two?.value === "=>" ||
    three?.value === "=>"
  );
};

function addExport(tokens, at, names) {
  const words = tokens.slice(at + 1, at + 4).map(({ value }) => value);
  if (words[0] === "default") {
    names.add("default");
    return true;
  }
  if (words[0] === "*") return false;
  if (words[0] === "{") return addMembers(tokens, at + 1, names, "as");
  const name = words.find((word) => !["async", "function", "*", "const", "let", "var", "class"].includes(word));
  const isValue = ["const", "let", "var"].includes(words[0]) && isPlainValue(tokens[at + 4]);
  if (name !== undefined && words[0] !== "class" && !isValue) names.add(name);
  return true;
}

// Adds the members of an object, or of an export list. Returns false if there may be others.
function addMembers(tokens, at, names, as = ":") {
  let depth = 0;
  for (let member = at; member < tokens.length; member++) {
    const { type, value } = tokens[member];
    if (type === "sign" && ["{", "[", "(", "${"].includes(value)) depth += 1;
    if (type === "sign" && ["}", "]", ")"].includes(value)) depth -= 1;
    if (depth === 0) return true;
    const isFirst = depth === 1 && ["{", ","].includes(tokens[member - 1]?.value);
    if (!isFirst) continue;
    if (value === "...") return false;
    const isAsync = value === "async" && tokens[member + 1]?.type === "name";
    const name = isAsync ? tokens[member + 1] : tokens[member];
    const next = tokens[isAsync ? member + 2 : member + 1];
    const renamed = as === "as" && next?.value === "as" ? tokens[member + 2].value : undefined;
    const isValue = as === ":" && next?.value === ":" && isPlainValue(tokens[member + 2]);
    if ((name.type === "name" || name.type === "text") && !isValue) names.add(renamed ?? name.value);
  }
  return true;
}
