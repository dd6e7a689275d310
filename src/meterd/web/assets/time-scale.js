/** Times along a width, with idle gaps shortened if asked; the same for a timeline and the charts below it. */

import { time, zoneOffset } from "./format.js";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((each) => each * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((each) => each * MINUTE),
  ...[1, 2, 3, 6, 12].map((each) => each * HOUR),
  ...[1, 2, 7, 14, 30, 90, 365].map((each) => each * DAY),
];
const GAPS = 20;
const ROOM_OF_TICK = 92;

/** Cut a window where nothing happens for long: pieces `{from, to, weight, isGap}`. */
function cut({ start, end }, times) {
  const limit = (end - start) / GAPS;
  const pieces = [];
  let from = start;
  let last = start;
  const add = (to, isGap) => {
    if (to > from) pieces.push({ from, to, isGap, weight: isGap ? limit / 2 : to - from });
    from = to;
  };
  for (const at of [...times.filter((each) => each > start && each < end), end]) {
    if (at - last > limit) {
      add(last + limit / 8, false);
      add(at - limit / 8, true);
    }
    last = at;
  }
  add(end, false);
  return pieces;
}

/** Make a scale: `x(time)`, `time(x)`, `ticks(zone)` and `gaps`, places where time is shortened. */
export function makeScale(range, width, { times = [], short = false } = {}) {
  const pieces = short
    ? cut(range, times)
    : [{ from: range.start, to: range.end, weight: range.end - range.start, isGap: false }];
  const whole = pieces.reduce((sum, { weight }) => sum + weight, 0) || 1;
  let left = 0;
  for (const piece of pieces) {
    piece.left = left;
    piece.width = (piece.weight / whole) * width;
    left += piece.width;
  }
  const x = (at) => {
    const piece = pieces.find(({ to }) => at <= to) ?? pieces[pieces.length - 1];
    return piece.left + ((at - piece.from) / (piece.to - piece.from || 1)) * piece.width;
  };
  const timeAt = (place) => {
    const piece = pieces.find((each) => place <= each.left + each.width) ?? pieces[pieces.length - 1];
    return piece.from + ((place - piece.left) / (piece.width || 1)) * (piece.to - piece.from);
  };
  const gaps = pieces
    .filter(({ isGap }) => isGap)
    .map((each) => ({ left: each.left, width: each.width, length: each.to - each.from }));
  return { ...range, width, x, time: timeAt, gaps, ticks: (zone) => ticks(pieces, width, whole, x, zone) };
}

function ticks(pieces, width, whole, x, zone) {
  const step = STEPS.find((each) => (each / whole) * width >= ROOM_OF_TICK) ?? STEPS[STEPS.length - 1];
  const found = [];
  for (const { from, to, isGap } of pieces) {
    if (isGap) continue;
    const offset = zoneOffset(from, zone);
    for (let at = Math.ceil((from + offset) / step) * step - offset; at <= to && found.length < 50; at += step) {
      const place = x(at);
      const last = found[found.length - 1];
      if (!last || place - last.x >= ROOM_OF_TICK * 0.8) found.push({ at, x: place, text: label(at, step, zone) });
    }
  }
  return found;
}

const milliseconds = (at) => String(((at % 1000) + 1000) % 1000).padStart(3, "0");

function label(at, step, zone) {
  if (step < SECOND) return `${time(at, { zone, precision: "axisSecond" })}.${milliseconds(Math.round(at))}`;
  if (step < MINUTE) return time(at, { zone, precision: "axisSecond" });
  return time(at, { zone, precision: step < DAY ? "axisTime" : "axisDay" });
}

/** A time to the millisecond. */
export const exactTime = (at, zone) =>
  Number.isNaN(at) ? "–" : `${time(at, { zone, precision: "second" })}.${milliseconds(Math.floor(at))}`;

/** A time of day to the millisecond, for rows of tables. */
export const clockTime = (at, zone) =>
  Number.isNaN(at) ? "–" : `${time(at, { zone, precision: "axisSecond" })}.${milliseconds(Math.floor(at))}`;

/** Let a range be chosen by dragging over an element of SVG; a click without a drag chooses a moment. */
export function onDrag(element, scaleOf, { left, range, moment }) {
  let begun = null;
  let box = null;
  const placeOf = (event) => {
    const bounds = element.getBoundingClientRect();
    return Math.max(0, Math.min(scaleOf().width, event.clientX - bounds.left - left));
  };
  const end = (event) => {
    if (begun === null) return;
    const [from, to] = [begun, placeOf(event)].sort((a, b) => a - b);
    begun = null;
    box?.remove();
    box = null;
    if (event.type === "pointercancel") return;
    if (to - from >= 6) range(scaleOf().time(from), scaleOf().time(to));
    else moment?.(scaleOf().time(to));
  };
  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || event.target.closest("[role=button]")) return;
    begun = placeOf(event);
    element.setPointerCapture(event.pointerId);
  });
  element.addEventListener("pointermove", (event) => {
    if (begun === null) return;
    const [from, to] = [begun, placeOf(event)].sort((a, b) => a - b);
    if (!box && to - from >= 6) {
      box = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      box.setAttribute("class", "dragged");
      box.setAttribute("y", "0");
      box.setAttribute("height", "100%");
      element.append(box);
    }
    box?.setAttribute("x", String(left + from));
    box?.setAttribute("width", String(Math.max(0, to - from)));
  });
  element.addEventListener("pointerup", end);
  element.addEventListener("pointercancel", end);
}
