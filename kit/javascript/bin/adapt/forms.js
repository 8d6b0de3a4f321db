// Whether a module is an ECMAScript or a CommonJS module, and statements in it that belong to the other form.

import { existsSync, readFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";

import { functionsOf } from "./shapes.js";
import { isMember, isTypeScript } from "./source.js";

/** A line for each module that mixes both forms. The function's own platform can't load it, either. */
export function formMistakes({ modules, folder }) {
  return modules.flatMap((module) => {
    const form = formOf(module, folder);
    if (form === undefined || isTypeScript(module.path)) return [];
    const found = form.isModule ? commonInModule(module) : moduleInCommon(module);
    if (found === undefined) return [];
    return [`${module.shown}:${found.line}: ${found.words} in ${form.words}: ${found.instead}`];
  });
}

// Undefined if Node decides by the module's content.
function formOf({ path, tokens }, folder) {
  const ending = extname(path);
  if (ending === ".mjs") return { isModule: true, words: "an ECMAScript module (.mjs)" };
  if (ending === ".cjs") return { isModule: false, words: "a CommonJS module (.cjs)" };
  const type = typeOf(dirname(path), folder);
  if (type === "module") return { isModule: true, words: 'an ECMAScript module ("type": "module" in package.json)' };
  if (type === "commonjs")
    return { isModule: false, words: 'a CommonJS module ("type": "commonjs" in package.json)' };
  const statement = tokens.find((_, at) => isStatement(tokens, at));
  return statement && { isModule: true, words: `an ECMAScript module (\`${statement.value}\` in line ${statement.line})` };
}

// The type in the nearest package.json within the function's folder.
function typeOf(from, folder) {
  for (let at = from; at.startsWith(folder); at = dirname(at)) {
    const path = join(at, "package.json");
    if (existsSync(path)) {
      try {
        return JSON.parse(readFileSync(path, "utf8"))?.type;
      } catch {
        return undefined;
      }
    }
    if (at === folder) return undefined;
  }
  return undefined;
}

// Whether an `import` or `export` statement begins here.
function isStatement(tokens, at) {
  const { type, value } = tokens[at];
  const next = tokens[at + 1];
  if (type !== "name" || isMember(tokens, at) || next === undefined || next.value === ":") return false;
  const isFirst = at === 0 || [";", "}"].includes(tokens[at - 1].value) || tokens[at - 1].line < tokens[at].line;
  if (!isFirst || !["import", "export"].includes(value)) return false;
  return next.type === "text" || ["{", "*"].includes(next.value) || (next.type === "name" && next.value !== "in");
}

function moduleInCommon({ tokens }) {
  const at = tokens.findIndex((_, index) => isStatement(tokens, index));
  if (at < 0) return undefined;
  const { value, line } = tokens[at];
  const instead = value === "import" ? "use require" : "assign to exports";
  return { line, words: `\`${value}\` is not available`, instead: `${instead}, or write "type": "module" in package.json` };
}

function commonInModule({ tokens }) {
  const known = new Map();
  const isDeclared = (name) => {
    if (!known.has(name)) known.set(name, isDeclaredIn(tokens, name));
    return known.get(name);
  };
  for (let at = 0; at < tokens.length; at++) {
    const { type, value, line } = tokens[at];
    const isCommon = type === "name" && ["exports", "module", "require"].includes(value);
    if (!isCommon || isMember(tokens, at) || isDeclared(value)) continue;
    const [next, then] = [tokens[at + 1]?.value, tokens[at + 2]?.value];
    const isExport = (value === "exports" && [".", "[", "="].includes(next)) || (value === "module" && then === "exports");
    if (isExport) {
      return { line, words: `\`${value === "module" ? "module.exports" : "exports"}\` is not available`, instead: "use export, or name the file .cjs" };
    }
    if (value === "require" && next === "(") {
      return { line, words: "`require` is not available", instead: "use import, or name the file .cjs" };
    }
  }
  return undefined;
}

const isDeclaredIn = (tokens, name) =>
  functionsOf(tokens).some(({ parameters }) => parameters.includes(name)) ||
  tokens.some(
    ({ value }, at) => value === name && ["const", "let", "var", "function", "typeof"].includes(tokens[at - 1]?.value),
  );
