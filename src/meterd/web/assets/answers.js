/** What data points say: values, shares, series over time. */

import { number } from "./format.js";
import { answerKey } from "./query.js";
import { buckets, currentWindow, intervalOf } from "./state.js";

const MOST_SERIES = 12;
const ADDITIVE = /^(total|count(?!Distinct)|sum|rateSum|ratePerMinute|increase|rateIncrease)/;

/** Tell whether values of parts add up to that of the whole. */
export const isAdditive = (value) => typeof value === "string" && ADDITIVE.test(value);

const add = (points, key) =>
  points.reduce((sum, point) => (typeof point[key] === "number" ? (sum ?? 0) + point[key] : sum), null);

const matches = (where) => (point) =>
  Object.entries(where).every(([field, values]) => values.includes(point[answerKey(field)]));

/** Data points, with those of all groups together, which `totals` of a query asks for, apart in `totals`. */
export function withTotalsApart(points) {
  const [groups, totals] = [points.filter((each) => !each.totals), points.filter((each) => each.totals)];
  return Object.assign(groups, { otherGroups: points.otherGroups, totals });
}

/** The value of some data points together: of a key, or the share `{part, of}`; null where there is none. */
export function valueOf(points, value = "total") {
  if (typeof value === "string") return points.length === 1 ? (points[0][value] ?? null) : add(points, value);
  const { part, of } = value;
  const whole = add(points, of);
  const some = part?.where ? (add(points.filter(matches(part.where)), of) ?? 0) : add(points, part);
  return whole && some !== null ? some / whole : null;
}

/** What a value is where there is no data point: none of something is 0, the latency of nothing is null. */
const withoutPoint = (value) => (isAdditive(value) ? 0 : null);

/** Fields that name the series of a panel: its groups, but for those that only tell parts of a share apart. */
export function namingGroups({ query, value }) {
  const parts = Object.keys(value?.part?.where ?? {});
  return (query.groupBy ?? []).filter((field) => !parts.includes(field));
}

const TYPES = /^(countDistinct|count|sum|avg|min|max|p\d+|rate(Sum|Avg|Min|Max|Increase|PerMinute)|increase)(?=[A-Z])/;
const SPOKEN = {
  total: "Total",
  avg: "mean",
  countDistinct: "different",
  sum: "",
  count: "",
  rateSum: "per second",
  p999: "p99.9",
};
const WORDS = { InUSD: "", Ms: "", Usd: "", Mcp: "MCP" };

/** Words of a name such as `sumInputTokens`: its type, and what it is of. */
function words(key) {
  const [type] = TYPES.exec(key) ?? [""];
  const column = key
    .slice(type.length)
    .replace(/InUSD$|Ms$/, (end) => WORDS[end])
    .replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .toLowerCase();
  return { type: SPOKEN[type] ?? type, column };
}

/** A key of an answer in words, among those that stand beside it: `p50` where all are percentiles of the same. */
export function labelOf(key, beside = [key]) {
  if (key === "total") return "Total";
  const { type, column } = words(key);
  const isOneColumn = beside.length > 1 && beside.every((each) => words(each).column === column);
  const counted = type === SPOKEN.countDistinct ? `${column}s` : column;
  const text = isOneColumn ? type || column : [type, counted].filter(Boolean).join(" ");
  return /^p\d/.test(text) ? text : text.charAt(0).toUpperCase() + text.slice(1);
}

/** The name of a group: its values, those of several fields behind each other. */
export function groupName(point, fields, otherGroups) {
  if (point.other) return otherGroups ? `other (${number(otherGroups)})` : "other";
  return fields
    .map((field) => point[answerKey(field)] ?? "(none)")
    .map(String)
    .join(" · ");
}

/** The filters that a group stands for, as `[field, value]`; none for those that can't be filtered by. */
export function groupFilters(point, fields) {
  if (point.other) return [];
  const pairs = fields.map((field) => [field, point[answerKey(field)]]);
  return pairs.every(([, value]) => value !== null && value !== undefined) ? pairs : [];
}

function grid(window) {
  const { starts, end } = buckets(window);
  const partial = new Set();
  if (starts.length && starts[0] < window.start.getTime()) partial.add(0);
  if (end > window.end.getTime()) partial.add(starts.length - 1);
  return { starts, end, partial };
}

/** Data points by series: groups, or the keys that a declaration names. */
function bySeries(panel, points) {
  const fields = namingGroups(panel);
  if (panel.series?.length) {
    return panel.series.map((key) => ({ name: labelOf(key, panel.series), value: key, filters: [], points }));
  }
  const value = panel.value ?? "total";
  const found = new Map();
  if (!fields.length) found.set("", { name: panel.title, value, filters: [], points: [], isWhole: true });
  for (const point of points) {
    const key = fields.length
      ? JSON.stringify([point.other ?? false, ...fields.map((each) => point[answerKey(each)])])
      : "";
    if (!found.has(key)) {
      const name = groupName(point, fields, points.otherGroups);
      found.set(key, { name, value, filters: groupFilters(point, fields), points: [], isOther: Boolean(point.other) });
    }
    found.get(key).points.push(point);
  }
  return [...found.values()];
}

function overTime(series, places, length) {
  const at = Array.from({ length }, () => []);
  for (const point of series.points) at[places.get(Date.parse(point.startTimestamp))]?.push(point);
  return at.map((points) => (points.length ? valueOf(points, series.value) : withoutPoint(series.value)));
}

/** Order series by size, the rest last, and put those beyond the most that a chart has into the rest. */
function fewest(all, isOrdered) {
  const size = ({ data }) => data.reduce((sum, each) => sum + (each ?? 0), 0);
  const ranked = all.filter(({ isOther }) => !isOther);
  if (!isOrdered) ranked.sort((a, b) => size(b) - size(a));
  const rest = all.find(({ isOther }) => isOther);
  if (ranked.length <= MOST_SERIES) return { series: rest ? [...ranked, rest] : ranked, left: 0 };
  const beyond = ranked.slice(MOST_SERIES - 1);
  const kept = ranked.slice(0, MOST_SERIES - 1);
  if (!isAdditive(all[0].value)) return { series: rest ? [...kept, rest] : kept, left: beyond.length };
  const groups = [...beyond, ...(rest ? [rest] : [])];
  const data = beyond[0].data.map((_, place) => groups.reduce((sum, each) => sum + (each.data[place] ?? 0), 0));
  return {
    series: [...kept, { ...beyond[0], name: `other (${number(beyond.length)})`, filters: [], isOther: true, data }],
    left: 0,
  };
}

/** Series of a panel over a window: `{starts, end, partial, series: [{name, data, filters, isOther}], left}`. */
export function seriesOf(panel, points, window = currentWindow()) {
  const { interval = "$interval" } = panel.query;
  const { starts, end, partial } = grid(
    interval === "$interval" ? window : { ...window, interval: intervalOf(interval) },
  );
  for (const point of points) {
    const start = Date.parse(point.startTimestamp);
    if (!starts.includes(start)) starts.push(start);
  }
  starts.sort((a, b) => a - b);
  const places = new Map(starts.map((start, place) => [start, place]));
  const all = bySeries(panel, points).map((each) => ({ ...each, data: overTime(each, places, starts.length) }));
  return { starts, end, partial, ...fewest(all, Boolean(panel.series?.length)) };
}
