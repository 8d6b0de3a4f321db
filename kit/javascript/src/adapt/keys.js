// The keys that a function expects in a request.

/**
 * The headers and query parameters that contain the keys: `{ headers, query }`. A variable without a value gets a
 * random one for this call.
 */
export function keysOf(keys) {
  const headers = {};
  const query = {};
  for (const { header, argument, prefix = "", variable, text } of keys) {
    const value = prefix + (text ?? ofVariable(variable));
    if (header === undefined) query[argument] = value;
    else headers[header] = value;
  }
  // Weld always sends this header.
  headers.authorization ??= `Bearer ${randomKey()}`;
  return { headers, query };
}

// A variable that is not set gets a random key, so that no real key can be revealed.
function ofVariable(variable) {
  const known = process.env[variable];
  if (known) return known;
  const key = randomKey();
  process.env[variable] = key;
  return key;
}

const randomKey = () => Array.from({ length: 4 }, () => Math.floor(Math.random() * 2 ** 32).toString(36)).join("-");
