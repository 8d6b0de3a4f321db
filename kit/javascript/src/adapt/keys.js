// The keys that a function wants of a request, where it looks for them.

/** The headers and arguments with the keys: `{ headers, query }`. A variable without a value gets one, for this call. */
export function keysOf(keys) {
  const headers = {};
  const query = {};
  for (const { header, argument, prefix = "", variable, text } of keys) {
    const value = prefix + (text ?? ofVariable(variable));
    if (header === undefined) query[argument] = value;
    else headers[header] = value;
  }
  // Weld sends one in any case.
  headers.authorization ??= `Bearer ${randomKey()}`;
  return { headers, query };
}

// So that no real key can be shown.
function ofVariable(variable) {
  const known = process.env[variable];
  if (known) return known;
  const key = randomKey();
  process.env[variable] = key;
  return key;
}

const randomKey = () => Array.from({ length: 4 }, () => Math.floor(Math.random() * 2 ** 32).toString(36)).join("-");
