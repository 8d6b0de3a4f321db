// Writes src/intl/zones.js from the compiled time zones of a system: node tests/make-zones.js /usr/share/zoneinfo

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { readRule } from "../src/intl/zone-rule.js";

const folder = process.argv[2] ?? "/usr/share/zoneinfo";
const version = /version (\S+)/.exec(readFileSync(join(folder, "tzdata.zi"), "utf8"))[1];

const MINUTE = 60_000;
// In minutes.
const WEEK = 10_080;

// The 64-bit part of a file (RFC 9636): the offset before 1970's first change, each later change, and the rule from there on.
function readZone(name) {
  const file = readFileSync(join(folder, name));
  const counts = (at) => Array.from({ length: 6 }, (_, index) => file.readUInt32BE(at + 20 + 4 * index));
  const [isUtc, isStandard, leaps, times, types, characters] = counts(0);
  const second = 44 + times * 5 + types * 6 + characters + leaps * 8 + isStandard + isUtc;
  const [isUtc2, isStandard2, leaps2, times2, types2, characters2] = counts(second);
  const at = second + 44;
  const offset = (type) => file.readInt32BE(at + times2 * 9 + type * 6) / 60;
  const all = Array.from({ length: times2 }, (_, index) => ({
    time: Number(file.readBigInt64BE(at + 8 * index)) / 60,
    offset: offset(file[at + 8 * times2 + index]),
  }));
  const end = at + times2 * 9 + types2 * 6 + characters2 + leaps2 * 12 + isStandard2 + isUtc2;
  const rule = file.subarray(end).toString().trim();
  const before = all.findLast(({ time }) => time <= 0)?.offset ?? offset(0);
  return { rule, before, changes: all.filter(({ time }) => time > 0) };
}

function shortened({ rule, before, changes }) {
  const yearly = readRule(rule);
  const kept = [...changes];
  // What the rule says as well is left out at the end.
  while (kept.length > 0) {
    const { time, offset } = kept.at(-1);
    const earlier = kept.at(-2)?.offset ?? before;
    if (yearly(time * MINUTE) !== offset || yearly(time * MINUTE - 1) !== earlier) break;
    const since = kept.at(-2)?.time ?? 0;
    let isLike = true;
    for (let at = since; at < time; at += WEEK) isLike &&= yearly(at * MINUTE) === earlier;
    if (!isLike) break;
    kept.pop();
  }
  const offsets = [before];
  let last = 0;
  let now = before;
  const parts = [];
  for (const { time, offset } of kept) {
    // The last one stays in any case: from there on the rule holds.
    if (offset === now && time !== kept.at(-1).time) continue;
    now = offset;
    if (!offsets.includes(offset)) offsets.push(offset);
    parts.push(`${Math.round(time - last).toString(36)}:${offsets.indexOf(offset)}`);
    last = Math.round(time);
  }
  return `${rule}|${offsets.map((one) => Math.round(one)).join(" ")}|${parts.join(" ")}`;
}

const names = readFileSync(join(folder, "tzdata.zi"), "utf8")
  .split("\n")
  .flatMap((line) =>
    line.startsWith("Z ") ? [line.split(" ")[1]] : line.startsWith("L ") ? [line.split(" ")[2]] : [],
  );
const lines = new Map();
for (const name of names.filter((one) => one !== "Factory").sort()) {
  const data = shortened(readZone(name));
  lines.set(data, [...(lines.get(data) ?? []), name]);
}
const table = [...lines].map(([data, all]) => `${all.join(",")}|${data}`).join("\n");
writeFileSync(
  new URL("../src/intl/zones.js", import.meta.url),
  `// Made by tests/make-zones.js from the IANA Time Zone Database, version ${version}, which is in the public domain. Each line has
// four parts: a zone's names; the rule for all time after the last change; its offsets in minutes, beginning with that of
// 1970; and the changes since, each as the minutes since the one before, in base 36, and the index of the offset.
export const ZONES = \`${table}\`;
`,
);
