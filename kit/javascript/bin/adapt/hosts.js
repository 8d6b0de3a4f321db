// The hosts that a source mentions.

const URL_IN_TEXT = /(https?):\/\/(?:[^/?#@\s]*@)?([A-Za-z0-9._~-]+)(:\d+)?(?=[/?#]|$)/gi;
const BEGINNING = /https?:\/\/[^/?#\s]*$/;
// A URL that ends like a complete host.
const WHOLE_HOST = /:\/\/[A-Za-z0-9.-]+(?:\.[A-Za-z]{2,}|:\d+)$/;
// Names of values that typically follow a host.
const PATHS = /path|endpoint|route|resource|query|search|params/i;
// Hosts in names of XML or JSON schemas, to which no requests are sent.
const NAMESPACES = new Set(["www.w3.org", "schemas.xmlsoap.org", "json-schema.org", "schema.org"]);

/** The origins of all URLs in texts, in the order of the source, and the places where a host is built at run time. */
export function hostsOf({ modules }) {
  const origins = new Map();
  const notLiteral = [];
  for (const { tokens, shown } of modules) {
    tokens.forEach(({ type, value, line, whole }, at) => {
      const named = hostOption(tokens, at);
      if (named !== undefined && !origins.has(named))
        origins.set(named, { origin: named, place: `${shown}:${line}` });
      if (type !== "text" && type !== "template" && type !== "piece") return;
      const place = `${shown}:${line}`;
      // If the text is continued by an expression, its host may be incomplete.
      const goesOn =
        (type === "template" && !whole) || (type === "piece" && tokens[at + 1]?.value === "${") || isAdded(tokens, at);
      for (const match of value.matchAll(URL_IN_TEXT)) {
        const [text, scheme, host, port = ""] = match;
        const isCut = goesOn && match.index + text.length === value.length;
        if (isCut && !(WHOLE_HOST.test(text) && goesOnWithPath(tokens, at))) continue;
        const origin = `${scheme.toLowerCase()}://${host.toLowerCase()}${port}`;
        if (!NAMESPACES.has(host) && !origins.has(origin)) origins.set(origin, { origin, place });
      }
      const isUnknown = goesOn && BEGINNING.test(value) && !(WHOLE_HOST.test(value) && goesOnWithPath(tokens, at));
      if (isUnknown) notLiteral.push(`${place}: ${value.slice(-60)}…, completed at run time`);
    });
  }
  return { origins: [...origins.values()], notLiteral };
}

// `hostname: "api.example.com"`, an option of Node's own modules.
function hostOption(tokens, at) {
  const [name, colon, host, end] = tokens.slice(at, at + 4);
  const isOption = ["host", "hostname"].includes(name.value) && colon?.value === ":" && host?.type === "text";
  const isWhole = [",", "}"].includes(end?.value) && /^[a-z\d-]+(?:\.[a-z\d-]+)+$/i.test(host?.value ?? "");
  return isOption && isWhole ? `https://${host.value.toLowerCase()}` : undefined;
}

// Whether a path follows a host, judged by its text or name.
function goesOnWithPath(tokens, at) {
  const [sign, next] = [tokens[at + 1], tokens[at + 2]];
  if (!["+", "${"].includes(sign?.value)) return false;
  if (["text", "template"].includes(next?.type)) return /^[/?#]/.test(next.value);
  return next?.type === "name" && PATHS.test(next.value);
}

const isAdded = (tokens, at) => tokens[at + 1]?.type === "sign" && tokens[at + 1].value === "+";
