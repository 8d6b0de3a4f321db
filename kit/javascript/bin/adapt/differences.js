// Differences from the function's own platform, as far as its source shows them.

// In milliseconds. A pause of this length outlasts the default `answer-within`, so Weld receives pending pages.
const LONG_PAUSE = 55_000;
const WRITES = /^(?:(?:append|write|copy)File|mkdir|mkdtemp|rename|rm|unlink)(?:Sync)?$|^createWriteStream$/;

/** A line for each difference. */
export function notesOn({ modules }) {
  return modules.flatMap((module) => [
    ...longPauses(module),
    ...writtenFiles(module),
    ...ends(module),
    ...moduleState(module),
  ]);
}

function writtenFiles({ tokens, shown }) {
  return tokens
    .filter(({ type, value }, at) => type === "name" && WRITES.test(value) && tokens[at + 1]?.value === "(")
    .map(({ value, line }) => `${shown}:${line}: a component can't write files, so ${value}(…) fails`);
}

// `process.exit()` and other calls that need a process of the function's own.
function ends({ tokens, shown }) {
  return tokens.flatMap(({ type, value, line }, at) => {
    const isProcess = type === "name" && value === "process" && tokens[at + 1]?.value === ".";
    const name = tokens[at + 2]?.value;
    if (!isProcess || tokens[at + 3]?.value !== "(") return [];
    if (["exit", "abort", "kill"].includes(name))
      return [`${shown}:${line}: a component has no process to end, so process.${name}(…) fails the page`];
    if (["chdir", "setuid", "umask"].includes(name)) return [`${shown}:${line}: process.${name}(…) is not available in a component`];
    return [];
  });
}

function longPauses({ tokens, shown }) {
  const notes = [];
  // A function called `sleep` is usually defined in the source. A factor of 1000 there means that it counts in seconds.
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
        `${shown}:${line}: ${words} is longer than answer-within: until it ends, Weld receives pending pages and asks again`,
      );
    }
  });
  return notes;
}

/**
 * Module variables that change. They last for one page here, and for an instance's lifetime on the function's own
 * platform.
 */
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
  return [`${shown}: the module is loaded again for each page, so ${[...changed].join(", ")} is lost after it`];
}
