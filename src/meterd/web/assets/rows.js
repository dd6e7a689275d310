/** Data points as a table: the one that a panel is, and the one behind every chart. */

import { labelOf } from "./answers.js";
import { h } from "./dom.js";
import { exact, measure, time } from "./format.js";
import { aggregationKey } from "./combining.js";
import { answerKey } from "./query.js";
import { addFilter, state } from "./state.js";
import { table } from "./table.js";

const UNITS = [
  [/InUSD$/, "usd"],
  [/Ms$/, "ms"],
  [/Tokens$/, "tokens"],
  [/Bytes$/, "bytes"],
];

/** The unit that a key of an answer has by its name. */
export function unitOf(key) {
  if (/^count|^total$/.test(key)) return "count";
  return UNITS.find(([pattern]) => pattern.test(key))?.[1] ?? "count";
}

function groupColumn(field) {
  const key = answerKey(field);
  const title = field.startsWith("metadata.") ? field.slice(9) : labelOf(field);
  const read = (point) => (point.other ? "other" : point.totals ? "All" : (point[key] ?? null));
  const show = (point) => {
    const value = read(point);
    if (value === null || point.other || point.totals) return h("span", { class: "muted" }, value ?? "(none)");
    const choose = () => addFilter(field, String(value));
    return h("button", { class: "value", type: "button", title: `Show ${value} only`, onclick: choose }, String(value));
  };
  return { title, read, show };
}

function measureColumn(key) {
  const unit = unitOf(key);
  const read = (point) => (typeof point[key] === "number" ? point[key] : null);
  return {
    title: labelOf(key),
    read,
    isNumeric: true,
    show: (point) => measure(read(point), unit),
    exact: (point) => exact(read(point), unit),
  };
}

const timeColumn = () => ({
  title: `Time (${state().zone})`,
  read: (point) => point.startTimestamp,
  show: (point) => time(point.startTimestamp, { zone: state().zone, precision: "second" }),
});

/** The row below a table: what all groups have together, where that was asked for. */
export const totalsOf = (points, type) => (type === "distribution" ? points.totals?.[0] : undefined);

/** Make the table of a panel's data points. */
export function tableOf(panel, points) {
  const { groupBy = [], aggregations = [], type } = panel.query;
  const keys = ["total", ...aggregations.filter((each) => each.type !== "histogram").map(aggregationKey)];
  const columns = [
    ...(type === "timeseries" ? [timeColumn()] : []),
    ...groupBy.map(groupColumn),
    ...[...new Set(keys)].map(measureColumn),
  ];
  const isOrdered = type === "timeseries" || panel.query.orderBy;
  const order = isOrdered ? null : { column: columns.findIndex(({ isNumeric }) => isNumeric), isDescending: true };
  return table({ columns, rows: points, totals: totalsOf(points, type), order, label: panel.title });
}
