// The names that hold a variable's value, in the module that reads the variable and in the modules that import them.

import { assignedName, readsIn } from "./reads.js";
import { pairsOf } from "./shapes.js";
import { isMember } from "./source.js";

/** `at(module, place)` returns the variable that is read at a token, or held by the name at that token. */
export function heldVariables(source) {
  // Names visible to other modules: exports, and members of an object.
  const shared = new Map();
  const ofModule = new Map();
  for (const module of source.modules) {
    const { tokens } = module;
    const own = { reads: new Map(), names: new Map(), imported: importedNames(tokens) };
    ofModule.set(module, own);
    for (const { name, at, local } of readsIn(source).get(module)) {
      if (name === undefined) continue;
      own.reads.set(at, name);
      const isMemberOfObject = local === undefined && tokens[at - 1]?.value === ":" && tokens[at - 2]?.type === "name";
      const holder = local ?? (isMemberOfObject ? tokens[at - 2].value : assignedName(tokens, at));
      if (holder === undefined) continue;
      if (!isMemberOfObject) own.names.set(holder, name);
      if (!shared.has(holder)) shared.set(holder, name);
    }
    // A name may take its value from another one, as in `const expected = Buffer.from(KEY)`.
    tokens.forEach(({ type, value }, at) => {
      const name = type === "name" && !isMember(tokens, at) ? own.names.get(value) : undefined;
      const holder = name === undefined ? undefined : assignedName(tokens, at);
      if (holder !== undefined && !own.names.has(holder)) own.names.set(holder, name);
    });
  }
  const at = (module, place) => {
    const { reads, names, imported } = ofModule.get(module);
    if (reads.has(place)) return reads.get(place);
    const { type, value } = module.tokens[place];
    if (type !== "name") return undefined;
    if (isMember(module.tokens, place)) return shared.get(value);
    return names.get(value) ?? (imported.has(value) ? shared.get(value) : undefined);
  };
  return { at };
}

// The names of `import { NAME } from` and `const { NAME } = require(…)`.
function importedNames(tokens) {
  const found = new Set();
  const pairs = pairsOf(tokens);
  tokens.forEach(({ type, value }, close) => {
    if (type !== "sign" || value !== "}" || !pairs.has(close)) return;
    const [next, other] = [tokens[close + 1]?.value, tokens[close + 2]?.value];
    if (next !== "from" && !(next === "=" && ["require", "await"].includes(other))) return;
    for (const token of tokens.slice(pairs.get(close) + 1, close)) if (token.type === "name") found.add(token.value);
  });
  return found;
}
