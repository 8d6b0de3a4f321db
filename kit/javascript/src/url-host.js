// Parses the host of a URL as in WHATWG's URL Standard: a domain in ASCII, an IPv4 address in any notation, or an IPv6
// address in brackets.

// Characters that a domain can't contain. Support for `%` and characters beyond ASCII would need the tables of IDNA.
const FORBIDDEN = /[^!"$&'()*+,\-.;=_`{}~0-9A-Za-z]/;
const IPV4_NUMBER = /^(?:0x[0-9a-f]*|[0-9]+)$/;

/** The host in its normal form; `undefined` if it is invalid or not ASCII. */
export function readHost(text) {
  if (text.startsWith("[")) {
    const address = text.endsWith("]") ? readIpv6(text.slice(1, -1)) : undefined;
    return address && `[${address}]`;
  }
  if (text === "" || FORBIDDEN.test(text)) return undefined;
  const domain = text.toLowerCase();
  const labels = domain.split(".");
  if (labels.length > 1 && labels.at(-1) === "") labels.pop();
  return IPV4_NUMBER.test(labels.at(-1)) ? readIpv4(labels) : domain;
}

// Up to four numbers in decimal, octal or hexadecimal. The last one fills the remaining bytes.
function readIpv4(labels) {
  const numbers = labels.map(readIpv4Number);
  const last = numbers.pop();
  const left = 4 - numbers.length;
  if (left < 1 || !(last < 256 ** left) || numbers.some((number) => !(number <= 255))) return undefined;
  const bytes = Array.from({ length: left }, (_, index) => Math.floor(last / 256 ** (left - 1 - index)) % 256);
  return [...numbers, ...bytes].join(".");
}

function readIpv4Number(text) {
  if (/^0x[0-9a-f]*$/.test(text)) return text === "0x" ? 0 : parseInt(text, 16);
  if (/^0[0-7]+$/.test(text)) return parseInt(text, 8);
  return /^(?:0|[1-9][0-9]*)$/.test(text) ? Number(text) : NaN;
}

function readIpv6(text) {
  const halves = text.split("::");
  const isShort = halves.length === 2;
  // An IPv4 address may replace the last two pieces.
  const split = (half, isEnd) => (half === "" && isShort ? [] : half.split(":").flatMap(readIpv6Piece(isEnd)));
  const [before, after = []] = halves.map((half, index) => split(half, index === halves.length - 1));
  const missing = 8 - before.length - after.length;
  if (halves.length > 2 || (isShort ? missing < 1 : missing !== 0)) return undefined;
  const pieces = [...before, ...Array(missing).fill(0), ...after];
  return pieces.includes(undefined) ? undefined : writeIpv6(pieces);
}

const readIpv6Piece = (isEnd) => (text, index, all) => {
  if (/^[0-9a-f]{1,4}$/i.test(text)) return [parseInt(text, 16)];
  const bytes = isEnd && index === all.length - 1 ? text.split(".") : [];
  const isByte = (byte) => /^(?:0|[1-9][0-9]{0,2})$/.test(byte) && Number(byte) <= 255;
  if (bytes.length !== 4 || !bytes.every(isByte)) return [undefined];
  const [first, second, third, fourth] = bytes.map(Number);
  return [first * 256 + second, third * 256 + fourth];
};

// `::` replaces the longest run of zeros, or the first of several longest ones.
function writeIpv6(pieces) {
  const text = pieces.map((piece) => piece.toString(16)).join(":");
  const runs = text.match(/\b0(?::0)+\b/g) ?? [];
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), "");
  return longest === "" ? text : text.replace(new RegExp(`(?:^|:)\\b${longest}\\b(?::|$)`), "::");
}
