// The POSIX rule for the yearly changes of a time zone's offset.

const MINUTE = 60_000;
const DAY = 86_400_000;

const NAME = "(?:[A-Za-z]+|<[^>]+>)";
const OFFSET = "([+-]?\\d+(?::\\d+)*)";
const CHANGE = "M(\\d+)\\.(\\d)\\.(\\d)(?:/([+-]?\\d+(?::\\d+)*))?";
const RULE = new RegExp(`^${NAME}${OFFSET}(?:${NAME}${OFFSET}?,${CHANGE},${CHANGE})?$`);

function minutesOf(text) {
  const [hours, minutes = 0] = text.replace(/^[+-]/, "").split(":").map(Number);
  return (text.startsWith("-") ? -1 : 1) * (60 * hours + minutes);
}

/** A function that gives the offset in minutes at any time, for a POSIX rule such as `CET-1CEST,M3.5.0,M10.5.0/3`. */
export function readRule(text) {
  const match = RULE.exec(text);
  if (match === null) throw new RangeError(`the time zone rule ${text} is invalid`);
  const [, west, summerWest, ...changes] = match;
  const usual = -minutesOf(west);
  if (changes[0] === undefined) return () => usual;
  const summer = summerWest === undefined ? usual + 60 : -minutesOf(summerWest);
  return (time) => {
    const year = new Date(time + usual * MINUTE).getUTCFullYear();
    const begin = changeIn(year, changes.slice(0, 4)) - usual * MINUTE;
    const end = changeIn(year, changes.slice(4)) - summer * MINUTE;
    const isSummer = begin < end ? time >= begin && time < end : time >= begin || time < end;
    return isSummer ? summer : usual;
  };
}

// The local time of a day of the week in a month. `week` counts from 1; 5 means the last such day.
function changeIn(year, [month, week, day, hour = "2"]) {
  const first = Date.UTC(year, month - 1, 1);
  const length = new Date(Date.UTC(year, month, 0)).getUTCDate();
  let date = 1 + ((Number(day) - new Date(first).getUTCDay() + 7) % 7) + 7 * (week - 1);
  while (date > length) date -= 7;
  return first + (date - 1) * DAY + minutesOf(hour) * MINUTE;
}
