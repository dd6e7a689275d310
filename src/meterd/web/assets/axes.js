/** Axes: ticks at round times of the chosen zone, and values from 0 in the panel's unit. */

import { onAxis, time, zoneOffset } from "./format.js";
import { state } from "./state.js";
import { colour } from "./theme.js";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [
  ...[5, 10, 15, 30].map((each) => each * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((each) => each * MINUTE),
  ...[1, 2, 3, 6, 12].map((each) => each * HOUR),
  ...[1, 2, 3, 7, 14, 28, 91, 365].map((each) => each * DAY),
];
const LABEL_WIDTH = 54;
const SANS = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";

/** Buckets that get a label, with what it says, when a chart is that wide. */
function labels(starts, width) {
  const { zone } = state();
  const length = starts[starts.length - 1] - starts[0];
  const most = Math.max(2, Math.floor(width / LABEL_WIDTH));
  const step = STEPS.find((each) => length / each <= most) ?? STEPS[STEPS.length - 1];
  const found = new Map();
  let last = null;
  starts.forEach((start, place) => {
    const local = start + zoneOffset(start, zone);
    const number = Math.floor(local / step);
    const isRound = local % step === 0 || (last !== null && number !== last);
    if (isRound && number !== last) found.set(place, labelOf(start, local, step, zone));
    last = number;
  });
  return found;
}

function labelOf(start, local, step, zone) {
  if (step >= DAY || local % DAY === 0) return time(start, { zone, precision: "axisDay" });
  return time(start, { zone, precision: step < MINUTE ? "axisSecond" : "axisTime" });
}

const text = () => ({ color: colour("muted"), fontSize: 12, fontFamily: SANS });

/** An axis of buckets. */
export function timeAxis(starts, width, isBanded) {
  const shown = labels(starts, width - 56);
  const interval = (place) => shown.has(place);
  return {
    type: "category",
    data: starts.map(String),
    boundaryGap: isBanded,
    axisLine: { lineStyle: { color: colour("line-strong") } },
    axisTick: { interval, alignWithLabel: true, lineStyle: { color: colour("line-strong") } },
    axisLabel: { ...text(), interval, formatter: (_, place) => shown.get(place) ?? "", hideOverlap: true, margin: 8 },
  };
}

const WHOLE = new Set(["count", "tokens"]);

/** An axis of values: from 0, or logarithmic. */
export function valueAxis(unit, { isLogarithmic = false, height = 200 } = {}) {
  return {
    type: isLogarithmic ? "log" : "value",
    min: isLogarithmic ? undefined : ({ min }) => Math.min(0, min),
    max: unit === "share" ? ({ max }) => (max > 0.75 ? 1 : undefined) : undefined,
    minInterval: WHOLE.has(unit) ? 1 : undefined,
    splitNumber: Math.max(2, Math.min(5, Math.floor(height / 44))),
    axisLabel: { ...text(), formatter: (value) => onAxis(value, unit), hideOverlap: true },
    splitLine: { lineStyle: { color: colour("line") } },
  };
}

/** An axis of bins, each named by where it begins. */
export function binAxis(bins, unit) {
  const every = Math.max(1, Math.ceil(bins.length / 6));
  return {
    type: "category",
    data: bins.map(({ from, to }) => String(from ?? to)),
    axisLine: { show: false },
    axisTick: { show: false },
    axisLabel: {
      ...text(),
      interval: (place) => place % every === 0,
      formatter: (value) => onAxis(Number(value), unit),
    },
  };
}

/** Where axes and what is drawn have their places. */
export const grid = { left: 0, right: 12, top: 8, bottom: 0, outerBoundsMode: "same", outerBoundsContain: "axisLabel" };
