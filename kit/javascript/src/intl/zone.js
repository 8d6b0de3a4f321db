// The offsets of time zones since 1970, from the tables in `zones.js`.

import { readRule } from "./zone-rule.js";
import { ZONES } from "./zones.js";

const MINUTE = 60_000;
let byName;

/** The time zone of this name, whose case is ignored. */
export function zoneOf(name) {
  if (byName === undefined) {
    byName = new Map();
    for (const line of ZONES.split("\n")) {
      const [names, rule, offsets, changes] = line.split("|");
      const zone = { rule, offsets, changes };
      for (const one of names.split(",")) byName.set(one.toLowerCase(), { name: one, zone });
    }
  }
  const text = String(name);
  const found = byName.get(text.toLowerCase());
  if (found !== undefined) return { name: found.name, offset: (time) => offsetOf(read(found.zone), time) };
  const [, sign, hours, minutes] = /^([+-])([01]\d|2[0-3]):?([0-5]\d)?$/.exec(text) ?? [];
  if (sign === undefined) throw new RangeError(`Invalid time zone specified: ${text}`);
  const minutesEast = (sign === "-" ? -1 : 1) * (60 * Number(hours) + Number(minutes ?? 0));
  return { name: `${sign}${hours}:${minutes ?? "00"}`, offset: () => minutesEast };
}

/** The names of all zones. */
export function zoneNames() {
  zoneOf("UTC");
  return Array.from(byName.values(), ({ name }) => name).sort();
}

// Parses a line of the table when it is first needed.
function read(zone) {
  zone.times ??= [];
  if (zone.indices === undefined) {
    zone.minutes = zone.offsets.split(" ").map(Number);
    zone.indices = [0];
    let time = 0;
    for (const change of zone.changes.split(" ").filter(Boolean)) {
      const [delta, index] = change.split(":");
      time += Number.parseInt(delta, 36);
      zone.times.push(time * MINUTE);
      zone.indices.push(Number(index));
    }
    zone.last = zone.times.at(-1) ?? -Infinity;
    zone.yearly = readRule(zone.rule);
  }
  return zone;
}

function offsetOf({ times, indices, minutes, last, yearly }, time) {
  if (time >= last) return yearly(time);
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] <= time) low = middle + 1;
    else high = middle;
  }
  return minutes[indices[low]];
}
