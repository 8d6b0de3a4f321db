// From a source map to what a connector needs of it: for each line of the bundle, the file and line that it comes from.

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// The numbers of a segment, in "Base64 VLQ": five bits a digit, the sixth says that more follow, the lowest bit is the sign.
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
 * `lines` has two numbers for each line of the bundle: the index of its source, -1 where it has none, and the line there,
 * counted from 1.
 */
export function sourceLines(bundle, { sources, mappings }, nameOf) {
  const texts = bundle.split("\n");
  let source = 0;
  let line = 0;
  const lines = mappings.split(";").flatMap((segments, index) => {
    // What stands before the text belongs to the line before, as esbuild sees it.
    const indentation = texts[index]?.search(/\S|$/) ?? 0;
    let column = 0;
    let found;
    // All of them, since each number adds to the one before.
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
