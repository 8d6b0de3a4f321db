// The structure of a source, from its tokens: matching brackets and functions.

const OPENING = { "(": ")", "[": "]", "{": "}", "${": "}" };
// Words before parentheses that don't belong to a function.
const KEYWORDS = new Set(["if", "for", "while", "switch", "catch", "with", "return", "await", "typeof", "super", "new"]);
// Signs with which an expression continues in the next line, at the end of a line or at the beginning of the next.
const GOES_ON = /^(?:[-+*/%&|^<>=!?:.,([{]|=>|[=!]==?|&&|\|\||\?\?|\?\.|\$\{|\.{3})$/;

const pairsByTokens = new WeakMap();
const functionsByTokens = new WeakMap();

/** For each bracket, the index of the matching one. */
export function pairsOf(tokens) {
  if (!pairsByTokens.has(tokens)) pairsByTokens.set(tokens, findPairs(tokens));
  return pairsByTokens.get(tokens);
}

function findPairs(tokens) {
  const pairs = new Map();
  const open = [];
  tokens.forEach(({ type, value }, at) => {
    if (type !== "sign") return;
    if (Object.hasOwn(OPENING, value)) open.push(at);
    else if ([")", "]", "}"].includes(value) && open.length > 0) {
      const begin = open.pop();
      pairs.set(begin, at).set(at, begin);
    }
  });
  return pairs;
}

/** The index of the innermost open bracket around a token; undefined if there is none. */
export function enclosing(tokens, at) {
  const pairs = pairsOf(tokens);
  for (let before = at - 1; before >= 0; before--) {
    const { type, value } = tokens[before];
    if (type !== "sign") continue;
    if (Object.hasOwn(OPENING, value)) return before;
    if ([")", "]", "}"].includes(value) && pairs.has(before)) before = pairs.get(before);
  }
  return undefined;
}

/** The index of the last token of the expression or statement that begins at a token. */
export function endOf(tokens, begin) {
  const pairs = pairsOf(tokens);
  let at = begin;
  for (; at < tokens.length; at++) {
    const { type, value, line } = tokens[at];
    if (type === "sign") {
      if ([";", ",", ")", "]", "}"].includes(value)) return at - 1;
      if (pairs.has(at)) at = pairs.get(at);
    }
    const [last, next] = [tokens[at], tokens[at + 1]];
    const isOver = next !== undefined && next.line > (last.line ?? line) && !goesOn(last) && !goesOn(next);
    if (isOver && next.type !== "piece" && next.value !== "${") return at;
  }
  return tokens.length - 1;
}

const goesOn = ({ type, value }) => type === "sign" && GOES_ON.test(value);

/** The functions: `{ name, parameters, begin, end }`. The body is from `begin` to `end`. */
export function functionsOf(tokens) {
  if (!functionsByTokens.has(tokens)) functionsByTokens.set(tokens, [...findFunctions(tokens)]);
  return functionsByTokens.get(tokens);
}

function* findFunctions(tokens) {
  const pairs = pairsOf(tokens);
  for (let at = 0; at < tokens.length; at++) {
    const { type, value } = tokens[at];
    if (type === "sign" && value === "=>") {
      const close = at - 1;
      const isList = tokens[close]?.value === ")";
      const open = isList ? pairs.get(close) : close;
      if (open === undefined || open < 0) continue;
      const parameters = isList ? parametersOf(tokens, open, close) : [tokens[close].value];
      const isBlock = tokens[at + 1]?.value === "{";
      const end = isBlock ? pairs.get(at + 1) : endOf(tokens, at + 1);
      if (end !== undefined) yield { name: nameBefore(tokens, open), parameters, begin: at + 1, end };
    } else if (type === "sign" && value === "(" && pairs.has(at) && tokens[pairs.get(at) + 1]?.value === "{") {
      const before = tokens[at - 1];
      if (before?.type !== "name" || KEYWORDS.has(before.value)) continue;
      const close = pairs.get(at);
      const end = pairs.get(close + 1);
      const name = before.value === "function" ? nameBefore(tokens, at - 1) : before.value;
      if (end !== undefined) yield { name, parameters: parametersOf(tokens, at, close), begin: close + 1, end };
    }
  }
}

// `NAME = (…) =>`, `NAME: async (…) =>`.
function nameBefore(tokens, at) {
  const before = tokens[at - 1]?.value === "async" ? at - 2 : at - 1;
  const isNamed = ["=", ":"].includes(tokens[before]?.value) && tokens[before - 1]?.type === "name";
  return isNamed ? tokens[before - 1].value : undefined;
}

// The names of the parameters; undefined for a parameter that is not a plain name.
function parametersOf(tokens, open, close) {
  const pairs = pairsOf(tokens);
  const parameters = [];
  for (let at = open + 1; at < close; at++) {
    const isFirst = at === open + 1 || tokens[at - 1].value === ",";
    if (isFirst) parameters.push(tokens[at].type === "name" ? tokens[at].value : undefined);
    if (pairs.has(at) && pairs.get(at) > at) at = pairs.get(at);
  }
  return parameters;
}

/** The arguments of a call whose parenthesis opens at a token, as the indices of their first and last token. */
export function argumentsOf(tokens, open) {
  const pairs = pairsOf(tokens);
  const close = pairs.get(open);
  const found = [];
  if (close === undefined) return found;
  let begin = open + 1;
  for (let at = open + 1; at <= close; at++) {
    if (at === close || (tokens[at].type === "sign" && tokens[at].value === ",")) {
      if (at > begin) found.push({ begin, end: at - 1 });
      begin = at + 1;
    } else if (pairs.has(at) && pairs.get(at) > at) at = pairs.get(at);
  }
  return found;
}
