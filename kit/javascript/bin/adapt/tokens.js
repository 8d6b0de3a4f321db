// Splits JavaScript into tokens, just well enough to tell code from comments and texts when looking for names.

const NAME = /[\p{ID_Start}$_#][\p{ID_Continue}$\u200c\u200d]*/uy;
const NUMBER = /(?:0[xXbBoO][\da-fA-F_]+|(?:\d[\d_]*)?\.?\d[\d_]*(?:[eE][+-]?\d+)?)n?/y;
const SPACE = /[\s\ufeff]+/y;
const COMMENT = /\/\/[^\n]*|\/\*[^]*?\*\/|^#![^\n]*/y;
const SIGN = /\?\.(?!\d)|\.{3}|=>|[=!]==?|\?\?=?|\|\|=?|&&=?|\*\*=?|[-+*/%&|^<>]=|<<|>>>?|\+\+|--|[^]/y;
const REGEX = /\/(?:[^\\/[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;

// After these names a slash begins a regular expression. After any other name or value it divides.
const BEFORE_REGEX = new Set(
  "await case delete do else in instanceof new of return throw typeof void yield".split(" "),
);
const CLOSED = new Set([")", "]", "}"]);
const CONTROLS = new Set(["if", "while", "for", "with"]);

/** The source ends within a text. `tokens` contains the tokens before it. */
class Unread extends Error {}

/**
 * The tokens of a source: `{ type, value, line }`, with the types name, text, template, number, regex and sign. The
 * value of a template is its first piece, and `whole` says that it has no other. The tokens of its expressions follow,
 * between the signs "${" and "}".
 */
export function tokensOf(source) {
  const tokens = [];
  try {
    read(source, tokens);
  } catch (error) {
    // Whether a slash divides is judged by the token before it, which can be wrong. Node reports real syntax errors.
    if (!(error instanceof Unread)) throw error;
  }
  return tokens;
}

function read(source, tokens) {
  // For each open brace, whether it belongs to a block or to an expression in a template.
  const open = [];
  // For each open parenthesis, whether it belongs to an `if` or a loop, after which a statement begins.
  const parentheses = [];
  let at = 0;
  let line = 1;

  const matched = (pattern) => {
    pattern.lastIndex = at;
    return pattern.exec(source)?.[0];
  };
  const advance = (text) => {
    at += text.length;
    for (const character of text) if (character === "\n") line += 1;
  };
  const add = (type, value, text, more) => {
    tokens.push({ type, value, line, at, ...more });
    advance(text);
  };

  while (at < source.length) {
    const passed = matched(SPACE) ?? matched(COMMENT);
    if (passed) {
      advance(passed);
      continue;
    }
    const character = source[at];
    if (character === '"' || character === "'") {
      const text = textAt(source, at, character);
      add("text", unescaped(text.slice(1, -1)), text);
    } else if (character === "`" || (character === "}" && open.at(-1) === "template")) {
      if (character === "}") {
        open.pop();
        tokens.push({ type: "sign", value: "}", line, at });
      }
      const { text, goesOn } = pieceAt(source, at);
      if (character === "`") add("template", unescaped(text.slice(1, goesOn ? -2 : -1)), text, { whole: !goesOn });
      else add("piece", unescaped(text.slice(1, goesOn ? -2 : -1)), text);
      if (goesOn) {
        open.push("template");
        tokens.push({ type: "sign", value: "${", line, at });
      }
    } else if (character === "/" && beginsRegex(tokens.at(-1)) && matched(REGEX)) {
      add("regex", "", matched(REGEX));
    } else if (matched(NAME)) {
      add("name", matched(NAME), matched(NAME));
    } else if (/\d|\.\d/.test(source.slice(at, at + 2)) && /[\d.]/.test(character) && matched(NUMBER)) {
      add("number", matched(NUMBER), matched(NUMBER));
    } else {
      const sign = matched(SIGN);
      if (sign === "{") open.push("block");
      if (sign === "}") open.pop();
      if (sign === "(") parentheses.push(CONTROLS.has(tokens.at(-1)?.value));
      add("sign", sign, sign, { endsControl: sign === ")" && parentheses.pop() });
    }
  }
}

function beginsRegex(before) {
  if (before === undefined) return true;
  if (before.type === "name") return BEFORE_REGEX.has(before.value);
  return before.type === "sign" && (!CLOSED.has(before.value) || before.endsControl === true);
}

function textAt(source, begin, quote) {
  for (let at = begin + 1; at < source.length; at++) {
    if (source[at] === "\\") at += 1;
    else if (source[at] === quote) return source.slice(begin, at + 1);
    else if (source[at] === "\n") break;
  }
  throw new Unread();
}

// A piece of a template: from its beginning, or the end of an expression, to the next expression or its end.
function pieceAt(source, begin) {
  for (let at = begin + 1; at < source.length; at++) {
    if (source[at] === "\\") at += 1;
    else if (source[at] === "`") return { text: source.slice(begin, at + 1), goesOn: false };
    else if (source[at] === "$" && source[at + 1] === "{") return { text: source.slice(begin, at + 2), goesOn: true };
  }
  throw new Unread();
}

const ESCAPES = { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f", v: "\v", 0: "\0", "\n": "" };

const unescaped = (text) =>
  text.replace(/\\(?:u\{([\da-fA-F]+)\}|u([\da-fA-F]{4})|x([\da-fA-F]{2})|([^]))/g, (_, long, four, two, other) => {
    const code = long ?? four ?? two;
    return code === undefined ? (ESCAPES[other] ?? other) : String.fromCodePoint(Number.parseInt(code, 16) || 0);
  });
