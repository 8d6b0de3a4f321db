// Hints for `NAME.toml`: credentials that the host could send, and tokens in states.

import { readsIn } from "./reads.js";

/**
 * Hints for `NAME.toml`, each with one line or more. `own` contains the variables with keys that the function checks in
 * requests.
 */
export function settingsHints(source, own) {
  const { modules } = source;
  const hints = credentials(source, own).map(
    (name, index) =>
      `The function sends ${name} in a header. The host can send it instead, so that the function never sees it:\n` +
      `[auth.api${index === 0 ? "" : `-${index + 1}`}]\nurls = ["https://…"]\nkind = "bearer"\ntoken = { env = "${name}" }`,
  );
  const token = tokenInState(modules);
  if (token !== undefined) {
    hints.push(
      `The state seems to contain a token (${token}). A page fails if its state contains one of the values above, unless ` +
        'this file has the line\nsecret-in-state = "allow"',
    );
  }
  return hints;
}

// The variables that follow a text or template ending in `Bearer `.
function credentials(source, own) {
  const found = new Set();
  for (const module of source.modules) {
    const { tokens } = module;
    const named = readsIn(source)
      .get(module)
      .filter(({ name }) => name !== undefined && !own.has(name));
    const reads = named.map((read) => ({ ...read, local: read.local ?? localName(tokens, read.at) }));
    tokens.forEach(({ type, value }, at) => {
      if (!["text", "template", "piece"].includes(type) || !/Bearer $/.test(value)) return;
      const first = tokens[at + 2];
      const read = reads.find((one) => one.at === at + 2 || (first?.type === "name" && first.value === one.local));
      if (read !== undefined && ["+", "${"].includes(tokens[at + 1]?.value)) found.add(read.name);
    });
  }
  return [...found];
}

const localName = (tokens, at) => (tokens[at - 1]?.value === "=" ? tokens[at - 2]?.value : undefined);

function tokenInState(modules) {
  for (const { tokens, shown } of modules) {
    for (let at = 0; at + 3 < tokens.length; at++) {
      const [object, sign, name, equals] = tokens.slice(at, at + 4);
      const isState = object.type === "name" && /state/i.test(object.value) && sign.value === ".";
      if (!isState || equals.value !== "=" || !/token|secret|password|session/i.test(name.value)) continue;
      if (!/page|next|sync/i.test(name.value)) return `${shown}:${object.line}: ${object.value}.${name.value}`;
    }
  }
  return undefined;
}
