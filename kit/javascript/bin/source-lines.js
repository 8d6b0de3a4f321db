// Converts a source map to the data that a connector needs: the file and line of each line of the bundle.

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// The numbers of a segment in "Base64 VLQ": five bits per digit; the sixth bit says that more digits follow; the lowest
// bit of the number is its sign.
function numbers(segment) {
  const found = [];
  let value = 0;
  let shift = 0;
  for (const digit of segment) {
    const bits = DIGITS.indexOf(digit);
    value |= (bits & 31) << shift;
    shift += 5;
    if (bits < 32) {
      found.push(value & 1 ? -(value >> 1) : value >> 1);
      value = 0;
      shift = 0;
    }
  }
  return found;
}

/**
 * `lines` has two numbers for each line of the bundle: the index of its source, or -1 if it has none, and the line in
 * that source, counted from 1.
 */
export function sourceLines(bundle, { sources, mappings }, nameOf) {
  const texts = bundle.split("\n");
  let source = 0;
  let line = 0;
  const lines = mappings.split(";").flatMap((segments, index) => {
    // For esbuild, the indentation belongs to the mapping of the line before.
    const indentation = texts[index]?.search(/\S|$/) ?? 0;
    let column = 0;
    let found;
    // All segments are read, since each number is relative to the one before.
    for (const segment of segments.split(",").filter(Boolean)) {
      const [columnStep, sourceStep, lineStep] = numbers(segment);
      column += columnStep;
      if (sourceStep === undefined) continue;
      source += sourceStep;
      line += lineStep;
      if (column >= indentation) found ??= [source, line + 1];
    }
    return found ?? [-1, 0];
  });
  return { sources: sources.map(nameOf), lines };
}
