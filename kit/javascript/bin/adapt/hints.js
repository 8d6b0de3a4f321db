// What to know of a function beside what can be read off: hints for `NAME.toml`, and what will differ.

import { readsOf } from "./variables.js";

// Milliseconds from which a pause is answered before it ends (`answer-within`).
const LONG_PAUSE = 55_000;
const WRITES = /^(?:(?:append|write)File|mkdir)(?:Sync)?$|^createWriteStream$/;

/** Hints for `NAME.toml`, each of one line or more. */
export function settingsHints({ modules }, key) {
  const hints = credentials(modules, key).map(
    (name) =>
      `The function sends ${name} in a header. The host can send it instead, so that the function never has it:\n` +
      `[auth.api]\nurls = ["https://…"]\nkind = "bearer"\ntoken = { env = "${name}" }`,
  );
  const token = tokenInState(modules);
  if (token !== undefined) {
    hints.push(
      `A state seems to keep a token (${token}). A page whose state has one of the values above fails, unless this says ` +
        'that it may:\nsecret-in-state = "allow"',
    );
  }
  return hints;
}

// The variables after a text or template that ends in `Bearer `.
function credentials(modules, key) {
  const found = new Set();
  for (const module of modules) {
    const { tokens } = module;
    const reads = [...readsOf(module)].filter(({ name }) => name !== undefined && name !== key);
    for (const read of reads) read.local ??= localName(tokens, read.at);
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
      if (!/page|next|sync/i.test(name.value)) return `${shown}, line ${object.line}: ${object.value}.${name.value}`;
    }
  }
  return undefined;
}

/** What differs from the function's own platform, as far as its source shows it. */
export function notesOn({ modules }) {
  return modules.flatMap((module) => [...longPauses(module), ...writtenFiles(module), ...moduleState(module)]);
}

function writtenFiles({ tokens, shown }) {
  return tokens
    .filter(({ type, value }, at) => type === "name" && WRITES.test(value) && tokens[at + 1]?.value === "(")
    .map(({ value, line }) => `${shown}, line ${line}: a component has no files to write, so ${value}(…) fails`);
}

function longPauses({ tokens, shown }) {
  const notes = [];
  // What is called `sleep` is a few lines of the function's own, which say what it counts in.
  const isThousand = (token) => token?.type === "number" && Number(token.value.replaceAll("_", "")) === 1000;
  const isTimes = ({ type, value }) => type === "sign" && value === "*";
  const countsSeconds = tokens.some(
    (token, at) => isTimes(token) && (isThousand(tokens[at - 1]) || isThousand(tokens[at + 1])),
  );
  const unit = { setTimeout: 1, sleep: countsSeconds ? 1000 : 1 };
  tokens.forEach(({ value, line }, at) => {
    if (!Object.hasOwn(unit, value)) return;
    const end = tokens.findIndex((token, index) => index > at && token.value === ")" && token.type === "sign");
    const pause = tokens.slice(at, end).findLast(({ type }) => type === "number");
    const milliseconds = Number(pause?.value.replaceAll("_", "")) * unit[value];
    if (milliseconds >= LONG_PAUSE && milliseconds < 2 ** 32) {
      const words = `${value}(… ${pause.value})`;
      notes.push(
        `${shown}, line ${line}: ${words} outlasts answer-within: Weld gets pending answers meanwhile, and asks again`,
      );
    }
  });
  return notes;
}

/** Variables of the module that change: they last one page here, and an instance's life there. */
function moduleState({ tokens, shown }) {
  const declared = new Set();
  let depth = 0;
  const changed = new Set();
  tokens.forEach(({ type, value }, at) => {
    if (type === "sign" && (value === "{" || value === "${")) depth += 1;
    if (type === "sign" && value === "}") depth -= 1;
    const next = tokens[at + 1];
    if (depth === 0 && type === "name" && (value === "let" || value === "var") && next?.type === "name") {
      declared.add(next.value);
    }
    const isChanged = next?.type === "sign" && ["=", "+=", "-=", "++", "--", "||=", "??="].includes(next.value);
    const isMember = tokens[at - 1]?.value === "." || ["let", "var", "const"].includes(tokens[at - 1]?.value);
    if (depth > 0 && type === "name" && declared.has(value) && isChanged && !isMember) changed.add(value);
  });
  if (changed.size === 0) return [];
  return [`${shown}: the module begins anew for each page, so ${[...changed].join(", ")} is lost after it`];
}
