/** One name has one colour and one shape, on every panel and page. */

import { svg } from "./dom.js";

const SERIES = 12;
const KEPT = "meterd.colours";
const MOST_KEPT = 400;
const PREFERRED = 8;
const RESULTS = ["pass", "fail", "error", "mutate", "flag", "active", "ended", "suspended", "crashed", "hung"];
const PERCENTILES = { p5: 3, p10: 3, p25: 6, p50: 0, p75: 2, p90: 4, p95: 3, p99: 1, "p99.9": 5 };
const FIXED = new Map([
  ...RESULTS.map((each) => [each, each]),
  ["block", "fail"],
  ["redact", "mutate"],
  ["allowed", "pass"],
  ["blocked", "fail"],
  ["hit", "pass"],
  ["miss", "ended"],
  ["(none)", "other"],
  ...Object.entries(PERCENTILES).map(([each, slot]) => [each, `series-${slot}`]),
]);
const SHAPES = [
  "M5 0a5 5 0 1 0 0 10a5 5 0 1 0 0-10",
  "M.5.5h9v9h-9z",
  "M5 0l5 9.5h-10z",
  "M5 0l5 5-5 5-5-5z",
  "M0 .5h10l-5 9.5z",
  "M3.4 0h3.2v3.4h3.4v3.2h-3.4v3.4h-3.2v-3.4h-3.4v-3.2h3.4z",
];
const SYMBOLS = ["circle", "rect", "triangle", "diamond", `path://${SHAPES[4]}`, `path://${SHAPES[5]}`];
const FIXED_SHAPES = {
  pass: 0,
  fail: 2,
  error: 3,
  mutate: 1,
  flag: 4,
  active: 0,
  ended: 1,
  suspended: 4,
  crashed: 3,
  hung: 2,
  block: 2,
  redact: 1,
  allowed: 0,
  blocked: 2,
  hit: 0,
  miss: 1,
  "(none)": 0,
  p50: 0,
  p75: 4,
  p90: 1,
  p95: 3,
  p99: 2,
};

let slots = read();

function read() {
  try {
    return new Map(Object.entries(JSON.parse(localStorage.getItem(KEPT) ?? "{}")));
  } catch {
    return new Map();
  }
}

function keep() {
  if (slots.size > MOST_KEPT) slots = new Map([...slots].slice(-MOST_KEPT / 2));
  try {
    localStorage.setItem(KEPT, JSON.stringify(Object.fromEntries(slots)));
  } catch {
    // a browser that keeps nothing gives colours anew on each page
  }
}

function hash(text) {
  let value = 2166136261;
  for (const letter of text) value = Math.imul(value ^ letter.codePointAt(0), 16777619);
  return value >>> 0;
}

/** Take the slot that a name has; a new name, or one whose slot is taken beside it, takes the next free one. */
function take(name, taken) {
  let slot = slots.get(name) ?? hash(name) % PREFERRED;
  for (let tries = 0; tries < SERIES && taken.has(slot); tries += 1) slot = (slot + 1) % SERIES;
  taken.add(slot);
  if (!slots.has(name)) slots.set(name, slot);
  return slot;
}

/** Looks of names that stand beside each other, by name: `{token, shape, symbol}`; a token is a colour of the style. */
export function looksOf(names) {
  const looks = new Map();
  const taken = new Set();
  const known = slots.size;
  const look = (token, shape) => ({ token, shape: SHAPES[shape], symbol: SYMBOLS[shape] });
  const ordered = [...names].sort((a, b) => Number(slots.has(b)) - Number(slots.has(a)) || (a < b ? -1 : 1));
  for (const name of ordered) {
    if (FIXED.has(name)) looks.set(name, look(FIXED.get(name), FIXED_SHAPES[name] ?? 5));
    else {
      const slot = take(name, taken);
      looks.set(name, look(`series-${slot}`, slot % SHAPES.length));
    }
  }
  if (slots.size !== known) keep();
  return looks;
}

/** How what is beyond the first few looks. */
export const OTHER = { token: "other", shape: SHAPES[1], symbol: SYMBOLS[1] };

/** The mark of a series in legends and read-outs: a colour, and a shape for those who can't tell colours apart. */
export function swatch({ token, shape }) {
  const mark = svg("svg", { class: "swatch", viewBox: "0 0 10 10", "aria-hidden": "true" }, svg("path", { d: shape }));
  mark.style.color = `var(--${token})`;
  return mark;
}
