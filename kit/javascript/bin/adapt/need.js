// Whether a function works without a value, judged by the places that use it.

import { isMember } from "./source.js";
import { enclosing, endOf, pairsOf } from "./shapes.js";

// What a use of a value says about its absence.
export const [NEEDED, DEFAULT, TESTED, USED] = ["needed", "default", "tested", "used"];

const FALLBACKS = new Set(["||", "??", "||=", "??="]);
// Calls that check whether a value is one of several, which a missing value never is.
const TESTS = new Set(["Boolean", "switch", "includes", "indexOf", "has", "test"]);
const COMPARES = new Set(["===", "!==", "==", "!="]);
const NOTHING = new Set(["undefined", "null", ""]);
// Conversions to a number or another type, whose result may have a fallback.
const CONVERSIONS = new Set(["Number", "parseInt", "parseFloat", "String", "BigInt"]);
const ENDS = /^(?:throw|exit|abort|fail|die|panic|required?|missing|invariant)/i;
const CREDENTIAL = /TOKEN|SECRET|PASSW|API_?KEY|_KEY$|CREDENTIAL/i;

/** What the use of a value at these tokens says about its absence. `name` is the variable's name. */
export function useOf(tokens, begin, end, name) {
  const [before, next] = [tokens[begin - 1], tokens[end + 1]];
  const isNegated = isSign(before, "!");
  if (isNegated && isSign(tokens[begin - 2], "!")) return TESTED;
  if (before?.type === "name" && before.value === "typeof") return TESTED;
  if (next?.type === "sign") {
    if (FALLBACKS.has(next.value)) return fallback(tokens, end + 2, name);
    if (["?", "&&", "?."].includes(next.value)) return inCondition(tokens, begin, isNegated) ?? TESTED;
    if (COMPARES.has(next.value)) {
      const isNothing = NOTHING.has(tokens[end + 2]?.value);
      const isMissing = isNothing && ["===", "=="].includes(next.value);
      return isNothing ? (inCondition(tokens, begin, isMissing) ?? TESTED) : DEFAULT;
    }
  }
  if (COMPARES.has(before?.value) && before.type === "sign") return DEFAULT;
  const condition = inCondition(tokens, begin, isNegated);
  if (condition !== undefined) return condition;
  if (isNegated) return TESTED;
  return inCall(tokens, begin, name);
}

const isSign = (token, value) => token?.type === "sign" && token.value === value;

// The expression after `||` or `??`.
function fallback(tokens, begin, name) {
  const words = tokens.slice(begin, endOf(tokens, begin) + 1);
  if (words.some(({ type, value }) => type === "name" && ENDS.test(value))) return NEEDED;
  const [first, ...more] = words;
  const isNothing = first !== undefined && more.length === 0 && first.type !== "number" && NOTHING.has(first.value);
  // An empty credential counts as missing.
  return isNothing && CREDENTIAL.test(name ?? "") ? USED : DEFAULT;
}

// In the condition of an `if`: whether the function fails there without the value.
function inCondition(tokens, at, isNegated) {
  const pairs = pairsOf(tokens);
  for (let open = enclosing(tokens, at); open !== undefined; open = enclosing(tokens, open)) {
    if (tokens[open].value !== "(") return undefined;
    const word = tokens[open - 1];
    if (word?.type !== "name" || !["if", "while"].includes(word.value)) {
      // The value is an argument of a call within the condition.
      if (word?.type === "name") return undefined;
      continue;
    }
    const close = pairs.get(open);
    if (!isNegated || close === undefined) return TESTED;
    return doesEnd(tokens, close + 1) ? NEEDED : TESTED;
  }
  return undefined;
}

// Whether the statement that begins here ends the function with an error.
function doesEnd(tokens, begin) {
  const end = tokens[begin]?.value === "{" ? pairsOf(tokens).get(begin) : endOf(tokens, begin);
  return tokens.slice(begin, (end ?? begin) + 1).some(({ type, value }, index) => {
    if (type === "number" && /^[45]\d\d$/.test(value)) return true;
    const isCalled = tokens[begin + index + 1]?.value === "(";
    return type === "name" && (value === "throw" || value === "reject" || (isCalled && ENDS.test(value)));
  });
}

function inCall(tokens, begin, name) {
  const open = enclosing(tokens, begin);
  if (open === undefined || tokens[open].value !== "(" || tokens[open - 1]?.type !== "name") return USED;
  const callee = tokens[open - 1].value;
  if (TESTS.has(callee) || tokens[open - 3]?.value === "console") return TESTED;
  if (!CONVERSIONS.has(callee)) return USED;
  const close = pairsOf(tokens).get(open);
  return close === undefined ? USED : useOf(tokens, open - 1, close, name);
}

/** What the uses of a name, or of a member with this name, say about the absence of its value. */
export function usesOf(modules, local, isProperty, name) {
  const found = [];
  for (const { tokens } of modules) {
    tokens.forEach(({ type, value }, at) => {
      if (type !== "name" || value !== local || isMember(tokens, at) !== isProperty) return;
      const next = tokens[at + 1];
      if (next?.type === "sign" && ["=", ":"].includes(next.value)) return;
      if (["const", "let", "var"].includes(tokens[at - 1]?.value)) return;
      found.push(useOf(tokens, isProperty ? at - 2 : at, at, name));
    });
  }
  return found;
}

/** Whether a function with these uses works without the value. */
export function isOptional(uses) {
  if (uses.includes(NEEDED)) return false;
  return uses.includes(TESTED) || (uses.length > 0 && uses.every((use) => use === DEFAULT));
}
