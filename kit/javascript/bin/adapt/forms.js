// Whether a module is one of ECMAScript or of CommonJS, and what it writes as in the other.

import { existsSync, readFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";

import { functionsOf } from "./shapes.js";
import { isMember, isTypeScript } from "./source.js";

/** A line for each module that mixes both forms, which its own platform doesn't load either. */
export function formMistakes({ modules, folder }) {
  return modules.flatMap((module) => {
    const form = formOf(module, folder);
    if (form === undefined || isTypeScript(module.path)) return [];
    const found = form.isModule ? commonInModule(module) : moduleInCommon(module);
    if (found === undefined) return [];
    return [`${module.shown}, line ${found.line}: ${found.words} in ${form.words}: ${found.instead}`];
  });
}

// Undefined where Node tells it by what the module has.
function formOf({ path, tokens }, folder) {
  const ending = extname(path);
  if (ending === ".mjs") return { isModule: true, words: "a module of ECMAScript (.mjs)" };
  if (ending === ".cjs") return { isModule: false, words: "a module of CommonJS (.cjs)" };
  const type = typeOf(dirname(path), folder);
  if (type === "module") return { isModule: true, words: 'a module of ECMAScript ("type": "module" in package.json)' };
  if (type === "commonjs")
    return { isModule: false, words: 'a module of CommonJS ("type": "commonjs" in package.json)' };
  const statement = tokens.find((_, at) => isStatement(tokens, at));
  return statement && { isModule: true, words: `a module of ECMAScript (\`${statement.value}\` in line ${statement.line})` };
}

// What the nearest package.json says, none outside of the function's folder.
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
  return { line, words: `there is no \`${value}\``, instead: `${instead}, or write "type": "module" in package.json` };
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
      return { line, words: `there is no \`${value === "module" ? "module.exports" : "exports"}\``, instead: "use export, or name the file .cjs" };
    }
    if (value === "require" && next === "(") {
      return { line, words: "there is no `require`", instead: "use import, or name the file .cjs" };
    }
  }
  return undefined;
}

const isDeclaredIn = (tokens, name) =>
  functionsOf(tokens).some(({ parameters }) => parameters.includes(name)) ||
  tokens.some(
    ({ value }, at) => value === name && ["const", "let", "var", "function", "typeof"].includes(tokens[at - 1]?.value),
  );
