// The keys that a function checks in requests: where it looks for them, and what it compares them with.

import { constantsOf } from "./reads.js";
import { argumentsOf, functionsOf, pairsOf } from "./shapes.js";
import { RequestValues } from "./request-values.js";
import { heldVariables } from "./held-variables.js";

const COMPARES = new Set(["===", "!==", "==", "!="]);
const EQUALS = /equal|compare|safe|verify|constanttime|matches|valid|check|authori[sz]ed/i;
const HASHES = /^(?:createHash|createHmac|digest|scryptSync|pbkdf2Sync|hash)$/;
const LISTS = new Set(["includes", "indexOf", "has"]);
// Headers that are not keys, whatever they are compared with.
const ORDINARY =
  /^(?:accept.*|content-.*|host|user-agent|x-forwarded-.*|x-cloud-.*|origin|referer|connection|cookie|x-request-id)$/;
// Names of headers and query parameters that are keys, even if they are compared with a text of the source.
const OF_KEYS = /(?:^|[-_])(?:key|apikey|token|secret|auth|authorization|password|passwd|code|signature)$/i;
const CURSORS = /page|next|sync|continuation|cursor/i;
// Texts that may precede a key, but are not keys themselves.
const NO_KEYS = /^(?:bearer|basic|token|apikey|api-key|key|digest)?[\s:]*$/i;
const SCHEME = /^(?:Bearer|Basic|Token|ApiKey|Key)[ :]+$/i;

/**
 * The keys: `{ place, header or argument, prefix, variable or text }`. `named` is the variable with the key, if the
 * author names it. If no comparison shows a key, a variable named like a key of Weld's is assumed to contain it.
 */
export function keyChecks(source, { named: variables }, named) {
  const found = comparisons(source);
  const usual = (variable) => ({ place: undefined, header: "authorization", prefix: "Bearer ", variable });
  if (named !== undefined) {
    const own = found.filter(({ variable }) => variable === named);
    return own.length > 0 ? firstOfEach(own) : [usual(named)];
  }
  const withVariables = found.filter(({ variable }) => variable !== undefined);
  if (found.length > 0) return firstOfEach(withVariables.length > 0 ? withVariables : found);
  const ofWeld = variables.find(({ name }) => /WELD.*(?:KEY|TOKEN|SECRET|AUTH|PASSWORD)/i.test(name));
  return ofWeld === undefined ? [] : [usual(ofWeld.name)];
}

/** The place of a key in a request, in words. */
export const whereOf = ({ header, argument }) =>
  header === undefined ? `the query parameter ${argument}` : `the header ${header}`;

// The first check for each place, since a request can contain only one value there.
function firstOfEach(checks) {
  const byPlace = new Map();
  for (const check of checks) {
    const place = whereOf(check);
    if (!byPlace.has(place)) byPlace.set(place, check);
  }
  return [...byPlace.values()];
}

function comparisons(source) {
  const { modules } = source;
  const texts = constantsOf(modules);
  const values = new RequestValues(modules, texts);
  const variables = heldVariables(source);
  const comparers = comparersOf(modules);
  return modules.flatMap((module) => {
    const { tokens, shown } = module;
    return sidesOf(tokens, comparers).flatMap(({ line, sides }) => {
      const seen = sides.map((side) => ({
        isHashed: tokens.slice(side.begin, side.end + 1).some(({ type, value }) => type === "name" && HASHES.test(value)),
        given: values.in(module, side),
        expected: expectedIn(tokens, side, (at) => variables.at(module, at), texts),
      }));
      return seen.flatMap(({ given, isHashed }, index) =>
        seen
          // If only one side is hashed, the other is the hash of a key, which can't be reversed.
          .filter((other, at) => at !== index && given !== undefined && other.given === undefined && (!isHashed || other.isHashed))
          .flatMap(({ expected }) => expected.flatMap((one) => checkOf(`${shown}:${line}`, given, one))),
      );
    });
  });
}

function checkOf(place, given, expected) {
  const { header, argument, isCut } = given;
  const name = header ?? argument;
  if (header !== undefined && ORDINARY.test(header)) return [];
  const isKey = OF_KEYS.test(name) && !CURSORS.test(name) && !NO_KEYS.test(expected.text ?? "");
  if (expected.variable === undefined && !isKey) return [];
  const cutPrefix = isCut && header === "authorization" ? (given.prefix ?? "Bearer ") : "";
  return [{ place, ...(header === undefined ? { argument } : { header }), ...expected, prefix: expected.prefix || cutPrefix }];
}

// The variables and texts on one side, with the prefix before them.
function expectedIn(tokens, { begin, end }, variableAt, texts) {
  const prefix = tokens.slice(begin, end + 1).find(({ type, value }) => type !== "name" && SCHEME.test(value ?? ""))?.value ?? "";
  for (let at = begin; at <= end; at++) {
    const variable = variableAt(at);
    if (variable !== undefined) return [{ variable, prefix }];
  }
  for (let at = begin; at <= end; at++) {
    const { type, value, whole } = tokens[at];
    const isText = type === "text" || (type === "template" && whole === true);
    const constant = type === "name" && tokens[at - 1]?.value !== "." ? texts.get(value)?.[0] : undefined;
    const text = isText && !SCHEME.test(value) ? value : constant;
    // A further argument of a call, such as an encoding, is not a key.
    if (text !== undefined && !isArgument(tokens, at, begin)) return [{ text, prefix }];
  }
  return [];
}

function isArgument(tokens, at, begin) {
  return tokens[at - 1]?.value === "," && at > begin;
}

// The source's own functions that compare their parameters.
function comparersOf(modules) {
  const compares = ({ tokens }, { begin, end, parameters }) =>
    parameters.length > 1 &&
    tokens.slice(begin, end + 1).some(({ type, value }) => value === "timingSafeEqual" || (type === "sign" && COMPARES.has(value)));
  const found = modules.flatMap((module) => functionsOf(module.tokens).filter((one) => compares(module, one)));
  return new Set(found.map(({ name }) => name));
}

/** The two sides of each comparison, as the indices of their first and last token. */
function sidesOf(tokens, comparers) {
  const found = [];
  tokens.forEach(({ type, value, line }, at) => {
    if (type === "sign" && COMPARES.has(value)) {
      found.push({ line, sides: [{ begin: beginOf(tokens, at - 1), end: at - 1 }, { begin: at + 1, end: after(tokens, at + 1) }] });
    } else if (type === "name" && tokens[at + 1]?.value === "(" && pairsOf(tokens).has(at + 1)) {
      const given = argumentsOf(tokens, at + 1);
      if (LISTS.has(value) && tokens[at - 1]?.value === "." && given.length > 0) {
        found.push({ line, sides: [{ begin: beginOf(tokens, at - 2), end: at - 2 }, given[0]] });
      } else if ((EQUALS.test(value) || comparers.has(value)) && given.length > 1) found.push({ line, sides: given });
    }
  });
  return found;
}

const ENDS = new Set([";", ",", ")", "]", "}", "&&", "||", "??", "?", ":", "=>", "=", ...COMPARES]);
const BEGINS = new Set(["(", "[", "{", "${", ...ENDS, "!"]);

function beginOf(tokens, end) {
  const pairs = pairsOf(tokens);
  for (let at = end; at >= 0; at--) {
    const { type, value } = tokens[at];
    if (type === "sign" && [")", "]", "}"].includes(value) && pairs.has(at)) at = pairs.get(at);
    else if (type === "sign" && BEGINS.has(value)) return at + 1;
    else if (type === "name" && ["return", "if", "const", "let"].includes(value)) return at + 1;
  }
  return 0;
}

function after(tokens, begin) {
  const pairs = pairsOf(tokens);
  for (let at = begin; at < tokens.length; at++) {
    const { type, value, line } = tokens[at];
    if (type === "sign" && pairs.has(at) && pairs.get(at) > at) at = pairs.get(at);
    else if (type === "sign" && ENDS.has(value)) return at - 1;
    if (at > begin && tokens[at + 1]?.type === "name" && tokens[at + 1].line > line) return at;
  }
  return tokens.length - 1;
}

/** The variables that contain a key, which the user need not set. */
export const keyVariables = (checks) => new Set(checks.flatMap(({ variable }) => variable ?? []));

/** Notes on keys that are written in the source. */
export const keyNotes = (checks) =>
  checks
    .filter(({ text }) => text !== undefined)
    .map(
      (check) =>
        `${check.place}: the key that the function expects in ${whereOf(check)} is written in its source: the function receives ` +
          "this key, and everyone who can read the source knows it",
    );

