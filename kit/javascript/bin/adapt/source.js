// The function's own modules, starting at the one that its platform loads, and their imports.

import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";

import { NotServed } from "./not-served.js";
import { tokensOf } from "./tokens.js";

const ENDINGS = ["", ".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".json", "/index.js", "/index.mjs", "/index.cjs", "/index.ts"];

/** Whether a file is a TypeScript file, which the build compiles. */
export const isTypeScript = (path) => /\.[mc]?ts$/.test(path);

/** The modules by path, in the order in which they are found, and all imports of other modules. */
export function readFunction(folder, file) {
  const root = realpathSync(folder);
  const modules = new Map();
  const imports = [];
  const notLiteral = [];
  const take = (path) => {
    if (modules.has(path) || path.endsWith(".json")) return;
    const module = readModule(root, path);
    modules.set(path, module);
    for (const one of importsOf(module)) {
      if (isTypeScript(path) && isOfTypes(module.tokens, one)) continue;
      const place = `${module.shown}:${one.line}`;
      if (one.name === undefined) {
        notLiteral.push(`${place}: ${one.words} imports a module whose name is not a literal, and fails`);
      } else if (/^\.{0,2}\//.test(one.name) || one.name === "." || one.name === "..") {
        take(resolved(root, path, one, place));
      } else {
        imports.push({ ...one, place });
      }
    }
  };
  take(join(root, file));
  return { folder: root, file, modules: [...modules.values()], imports, notLiteral };
}

function readModule(root, path) {
  const text = readFileSync(path, "utf8");
  return { path, shown: relative(root, path), text, tokens: tokensOf(text) };
}

function resolved(root, from, { name }, place) {
  const base = resolve(dirname(from), name);
  const places = ENDINGS.map((ending) => base + ending);
  // In TypeScript, an import names the compiled file.
  if (isTypeScript(from)) places.push(base.replace(/\.([mc]?)js$/, ".$1ts"));
  const found = places.find((path) => existsSync(path) && statSync(path).isFile());
  if (found === undefined) throw new NotServed(`${place}: no such file: ${name}`);
  const real = realpathSync(found);
  if (!real.startsWith(root + sep)) throw new NotServed(`${place}: ${name} is outside of the function's folder`);
  return real;
}

/** The imports of a module: `require`, `import` and `export … from`. */
function* importsOf({ tokens }) {
  for (let at = 0; at < tokens.length; at++) {
    const { type, value, line } = tokens[at];
    if (type !== "name" || isMember(tokens, at)) continue;
    const next = tokens[at + 1];
    if ((value === "require" || value === "import") && next?.value === "(" && next.type === "sign") {
      if (tokens[at - 1]?.value === "function") continue;
      const argument = tokens[at + 2];
      const isText =
        (argument?.type === "text" || (argument?.type === "template" && argument.whole)) &&
        [")", ","].includes(tokens[at + 3]?.value);
      const isOptional = isInTry(tokens, at);
      if (isText) yield { name: argument.value, line, isOptional };
      else if (argument !== undefined && argument.value !== ")") yield { words: `${value}(…)`, line };
    } else if (value === "import" && next?.type === "text") {
      yield { name: next.value, line };
    } else if (value === "import" || value === "export") {
      const name = fromOf(tokens, at);
      if (name !== undefined) yield { name, line, at };
    }
  }
}

// Whether a TypeScript import contains only types, so that nothing of it is left after compiling.
function isOfTypes(tokens, { at }) {
  if (at === undefined) return false;
  if (tokens[at + 1].value === "type" && tokens[at + 2]?.value !== "from" && tokens[at + 2]?.value !== ",") return true;
  if (tokens[at].value !== "import") return false;
  const from = tokens.findIndex(({ type, value }, index) => index > at && type === "name" && value === "from");
  const isName = ({ type, value }, index) =>
    type === "name" && !["type", "as"].includes(value) && tokens[at + 2 + index]?.value !== "as";
  const names = tokens.slice(at + 1, from).filter(isName);
  const isUsed = (name) =>
    tokens.some(({ type, value }, index) => {
      if (type !== "name" || value !== name || (index > at && index < from) || isMember(tokens, index)) return false;
      const [before, next] = [tokens[index - 1]?.value, tokens[index + 1]?.value];
      return ["(", ".", "?.", "[", "`"].includes(next) || ["new", "(", "=", "return", "...", "extends"].includes(before);
    });
  return !names.some(({ value }) => isUsed(value));
}

export const isMember = (tokens, at) => [".", "?."].includes(tokens[at - 1]?.value) && tokens[at - 1].type === "sign";

// The module of `import … from "…"`, before which only names, braces, commas and a star are allowed.
function fromOf(tokens, at) {
  for (let next = at + 1; next < tokens.length; next++) {
    const { type, value } = tokens[next];
    if (type === "name" && value === "from" && tokens[next + 1]?.type === "text") return tokens[next + 1].value;
    if (type === "text") continue;
    if (type !== "name" && !["{", "}", ",", "*"].includes(value)) return undefined;
    if (
      type === "name" &&
      ["const", "let", "var", "function", "class", "async", "default"].includes(value) &&
      tokens[next - 1]?.value !== "," &&
      tokens[next - 1]?.value !== "{"
    ) {
      return undefined;
    }
  }
  return undefined;
}

// Whether a call is in the block of a `try`, so that the function works without the import.
function isInTry(tokens, at) {
  let depth = 0;
  for (let before = at - 1; before >= 0; before--) {
    const { type, value } = tokens[before];
    if (type !== "sign") continue;
    if (value === "}") depth += 1;
    else if (value === "{" || value === "${") {
      if (depth > 0) depth -= 1;
      else if (tokens[before - 1]?.value === "try") return true;
    }
  }
  return false;
}
