/** Numbers, money, durations and times as people read them. Null is "–", zero is 0: never one for the other. */

export const NOTHING = "–";
const SPACE = "\u202f";
const SCALES = [
  [1e12, "T"],
  [1e9, "B"],
  [1e6, "M"],
  [1e3, "k"],
];
const digitsOf = new Map();

function digits(value, options) {
  const key = JSON.stringify(options);
  if (!digitsOf.has(key)) digitsOf.set(key, new Intl.NumberFormat("en-US", options));
  return digitsOf.get(key).format(value);
}

const isNothing = (value) => value === null || value === undefined || Number.isNaN(value);
const significant = (value, most) => digits(value, { maximumSignificantDigits: most });

/** 1,234 and 12.3 k and 4.56 M. */
export function number(value) {
  if (isNothing(value)) return NOTHING;
  const size = Math.abs(value);
  if (size < 9999.5) return size >= 1000 ? digits(value, { maximumFractionDigits: 0 }) : significant(value, 3);
  const [scale, letter] = SCALES.find(([each]) => size >= each * 0.9995);
  return `${significant(value / scale, 3)}${SPACE}${letter}`;
}

/** $0.0042, $12.30, $1,204. */
export function money(value, currency = "USD") {
  if (isNothing(value)) return NOTHING;
  const size = Math.abs(value);
  const options = { style: "currency", currency, currencyDisplay: "narrowSymbol" };
  if (size >= 999999.5) {
    const [scale, letter] = SCALES.find(([each]) => size >= each * 0.9995);
    return `${digits(value / scale, { ...options, maximumSignificantDigits: 3 })}${SPACE}${letter}`;
  }
  if (size === 0) return digits(0, { ...options, maximumFractionDigits: 0 });
  if (size >= 999.5) return digits(value, { ...options, maximumFractionDigits: 0 });
  if (size >= 0.1) return digits(value, { ...options, maximumFractionDigits: 2 });
  return digits(value, { ...options, maximumSignificantDigits: 2 });
}

const two = (large, largeUnit, small, smallUnit) =>
  small ? `${large}${SPACE}${largeUnit} ${small}${SPACE}${smallUnit}` : `${large}${SPACE}${largeUnit}`;

/** Milliseconds as 850 ms, 1.24 s, 3 min 20 s, 2 h 5 min, 3 d 4 h. */
export function duration(milliseconds) {
  if (isNothing(milliseconds)) return NOTHING;
  const size = Math.abs(milliseconds);
  if (size === 0) return `0${SPACE}ms`;
  if (size < 0.9995) return `${significant(milliseconds * 1000, 3)}${SPACE}µs`;
  if (size < 999.5) return `${significant(milliseconds, 3)}${SPACE}ms`;
  if (size < 59950) return `${significant(milliseconds / 1000, 3)}${SPACE}s`;
  const seconds = Math.round(milliseconds / 1000);
  if (size < 3599500) return two(Math.trunc(seconds / 60), "min", Math.abs(seconds % 60), "s");
  const minutes = Math.round(seconds / 60);
  if (size < 86370000) return two(Math.trunc(minutes / 60), "h", Math.abs(minutes % 60), "min");
  const hours = Math.round(minutes / 60);
  return two(Math.trunc(hours / 24), "d", Math.abs(hours % 24), "h");
}

/** 512 B, 1.5 KiB, 20 MiB. */
export function bytes(value) {
  if (isNothing(value)) return NOTHING;
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let scaled = value;
  let unit = 0;
  while (Math.abs(scaled) >= 999.5 && unit < units.length - 1) {
    scaled /= 1024;
    unit += 1;
  }
  return `${significant(scaled, 3)}${SPACE}${units[unit]}`;
}

/** A part of one in %: 12.3 %, 0.04 %. */
export function share(value) {
  if (isNothing(value)) return NOTHING;
  const percent = value * 100;
  const size = Math.abs(percent);
  return `${size >= 10 ? digits(percent, { maximumFractionDigits: 1 }) : significant(percent, 2)}${SPACE}%`;
}

/** 12.3 per second. */
export const rate = (value) => (isNothing(value) ? NOTHING : `${number(value)} per second`);

const BY_UNIT = { count: number, tokens: number, usd: money, ms: duration, bytes, share, perSecond: rate };

/** A value in a unit of a panel. */
export const measure = (value, unit) => (BY_UNIT[unit] ?? number)(value);

/** A value beside an axis, which says its unit elsewhere. */
export const onAxis = (value, unit) => (unit === "perSecond" || value === 0 ? number(value) : measure(value, unit));

/** All digits, with the unit: for tooltips. */
export function exact(value, unit = "count") {
  if (isNothing(value)) return NOTHING;
  if (typeof value !== "number") return String(value);
  const all = (each) =>
    Number.isInteger(each) ? digits(each, {}) : digits(Number(each.toPrecision(6)), { maximumFractionDigits: 8 });
  if (unit === "usd") return `$${all(value)}`;
  if (unit === "ms") return `${all(value)}${SPACE}ms`;
  if (unit === "bytes") return `${all(value)}${SPACE}B`;
  if (unit === "share") return `${all(Number((value * 100).toPrecision(6)))}${SPACE}%`;
  if (unit === "perSecond") return `${all(value)} per second`;
  return all(value);
}

const timesOf = new Map();

/** A formatter of times in a zone, kept: they are dear. */
function times(zone, options) {
  const key = zone + JSON.stringify(options);
  if (!timesOf.has(key)) timesOf.set(key, new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options }));
  return timesOf.get(key);
}

const SHAPES = {
  axisTime: { hour: "2-digit", minute: "2-digit" },
  axisSecond: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
  axisDay: { day: "numeric", month: "short" },
  axisMonth: { month: "short", year: "numeric" },
  day: { day: "numeric", month: "short", year: "numeric" },
  minute: { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" },
  second: { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" },
  moment: { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" },
  weekday: { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" },
};

/** A time in a zone, to the `minute`, `second`, `day`, or as another of the shapes above. */
export function time(date, { zone = "UTC", precision = "minute" } = {}) {
  const when = new Date(date);
  if (date === null || date === undefined || Number.isNaN(when.getTime())) return NOTHING;
  return times(zone, SHAPES[precision]).format(when);
}

/** 4 min ago, in 3 h, just now. */
export function relative(date, now = Date.now()) {
  const when = new Date(date).getTime();
  if (date === null || date === undefined || Number.isNaN(when)) return NOTHING;
  const seconds = Math.round((now - when) / 1000);
  const size = Math.abs(seconds);
  if (size < 10) return "just now";
  const steps = [
    [86400 * 2, 86400, "d"],
    [5400, 3600, "h"],
    [90, 60, "min"],
    [0, 1, "s"],
  ];
  const [, length, unit] = steps.find(([from]) => size >= from);
  const text = `${Math.round(size / length)}${SPACE}${unit}`;
  return seconds >= 0 ? `${text} ago` : `in ${text}`;
}

const DAY = 86_400_000;
const MOST_DAYS = 300;

/** A time in a list: 4 min ago, or after a day when it was, which tells one from the next; after months with its year. */
export function recent(date, { zone = "UTC", now = Date.now() } = {}) {
  const age = Math.abs(now - new Date(date).getTime());
  if (!(age >= DAY)) return relative(date, now);
  return time(date, { zone, precision: age < MOST_DAYS * DAY ? "moment" : "minute" });
}

/** How far a zone's clocks are ahead of UTC at an instant, in milliseconds. */
export function zoneOffset(instant, zone) {
  if (zone === "UTC") return 0;
  const parts = times(zone, {
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  }).formatToParts(instant);
  const of = Object.fromEntries(parts.map(({ type, value }) => [type, Number(value)]));
  const whole = Math.floor(instant / 1000) * 1000;
  return Date.UTC(of.year, of.month - 1, of.day, of.hour, of.minute, of.second) - whole;
}

/** The instant at which a zone's clocks show a time, given as if it were UTC; the earlier one where there are two. */
export function fromLocal(local, zone) {
  const guess = local - zoneOffset(local, zone);
  const before = local - zoneOffset(guess - 3600000 * 3, zone);
  if (before + zoneOffset(before, zone) === local) return before;
  return local - zoneOffset(guess, zone);
}
