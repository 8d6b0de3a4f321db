// The names that hold a variable's value, in the module that reads it and in those that import it.

import { assignedName, readsIn } from "./reads.js";
import { isMember } from "./source.js";

/** `at(module, place)` is the variable that is read at a token, or held by the name there. */
export function heldVariables(source) {
  // Of other modules: exported names, and members of an object.
  const shared = new Map();
  const ofModule = new Map();
  for (const module of source.modules) {
    const { tokens } = module;
    const own = { reads: new Map(), names: new Map() };
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
  }
  const at = (module, place) => {
    const { reads, names } = ofModule.get(module);
    if (reads.has(place)) return reads.get(place);
    const { type, value } = module.tokens[place];
    if (type !== "name") return undefined;
    if (isMember(module.tokens, place)) return shared.get(value);
    return names.get(value) ?? (isImported(module.tokens, value) ? shared.get(value) : undefined);
  };
  return { at };
}

// `import { NAME } from`, `const { NAME } = require(…)`.
function isImported(tokens, name) {
  return tokens.some(({ type, value }, at) => {
    if (type !== "name" || value !== name || !["{", ","].includes(tokens[at - 1]?.value)) return false;
    const close = tokens.findIndex((token, index) => index > at && token.value === "}" && token.type === "sign");
    const [next, other] = [tokens[close + 1]?.value, tokens[close + 2]?.value];
    return next === "from" || (next === "=" && ["require", "await"].includes(other));
  });
}
