// The header `Link` (RFC 8288), in which APIs give the URL of the next page.

const LINK = /<([^>]*)>/y;
const BETWEEN = /[^<]*/y;
const PARAMETER = /[\s;]*([^\s=;,"<]+)(?:\s*=\s*("(?:[^"\\]|\\.)*"?|[^\s;,]*))?\s*/y;

/**
 * The links of a header by relation, in lower case, each with its `url` and attributes. `base` is the response's URL.
 */
export function readLinks(header, base) {
  const found = Object.create(null);
  let at = 0;
  const take = (expression) => {
    expression.lastIndex = at;
    const match = expression.exec(header);
    if (match !== null) at = expression.lastIndex;
    return match;
  };
  for (;;) {
    take(BETWEEN);
    const target = take(LINK);
    if (target === null) return found;
    const link = Object.create(null);
    for (let parameter; (parameter = take(PARAMETER)) !== null;) {
      const [, name, value = ""] = parameter;
      // If a name occurs twice, the first parameter counts.
      link[name.toLowerCase()] ??= unquoted(value);
    }
    const relations = (link.rel ?? "").toLowerCase().split(/\s+/).filter(Boolean);
    link.url = absolute(target[1].trim(), base);
    for (const relation of relations) found[relation] ??= link;
  }
}

function unquoted(value) {
  if (value.startsWith('"')) return value.replace(/^"|"$/g, "").replace(/\\(.)/g, "$1");
  return value.replace(/^'|'$/g, "");
}

/** An absolute URL stays unchanged, since it may be signed. A relative one is resolved against the response's URL. */
function absolute(target, base) {
  if (/^[a-z][a-z0-9+.-]*:/i.test(target) || base === "") return target;
  return new URL(target, base).href;
}
