/** The question of Explore: a panel in the making, which stands in the address and always can be asked. */

import { aggregationKey } from "./combining.js";
import { unitOf } from "./rows.js";
import { update } from "./state.js";

export const KINDS = [
  ["lines", "Lines over time"], ["areas", "Areas over time"], ["bars", "Bars over time"],
  ["heatmap", "Heat map over time"], ["top", "Top list"], ["table", "Table"], ["number", "Number"],
];
const OVER_TIME = new Set(["lines", "areas", "bars", "heatmap"]);
const FIRST = { kind: "lines", query: { datasource: "modelMetrics", filters: ["$filters"] } };

/** Whether a kind of picture is over time. */
export const isOverTime = ({ kind }) => OVER_TIME.has(kind);

/** The question in the address; the first one where there is none, or none that can be read. */
export function readQuestion() {
  const text = new URLSearchParams(location.search).get("q");
  try {
    const { kind, title, unit, value, series, query } = JSON.parse(text);
    if (typeof query.datasource !== "string" || !KINDS.some(([name]) => name === kind)) return settled(FIRST);
    return settled({ kind, title, unit, value, series, query });
  } catch {
    return settled(FIRST);
  }
}

const listOf = (value) => (Array.isArray(value) ? value : []);

/** Keys of the answer that can be shown. */
export function keysOf({ aggregations = [] }) {
  return ["total", ...new Set(listOf(aggregations).map(aggregationKey))];
}

function settledQuery({ kind }, query) {
  const aggregations = listOf(query.aggregations).filter((each) => each?.type && each?.column);
  const made = {
    ...query, startTs: "$start", endTs: "$end", aggregations, groupBy: listOf(query.groupBy),
    filters: listOf(query.filters), type: OVER_TIME.has(kind) ? "timeseries" : "distribution",
  };
  if (made.type === "timeseries") Object.assign(made, { interval: query.interval ?? "$interval", timezone: "$zone" });
  else delete made.interval, delete made.timezone;
  if (!made.groupBy.length || ![...keysOf(made), ...made.groupBy].includes(made.orderBy)) {
    ["orderBy", "order", "limit", "other"].forEach((name) => delete made[name]);
  }
  return made;
}

const isShare = (value) => value !== null && typeof value === "object";

/** The question with all that follows from what was chosen. */
export function settled({ kind, title = "Answer", unit, value, series, query }) {
  const made = settledQuery({ kind }, query);
  const keys = keysOf(made);
  const isKept = isShare(value) ? keys.includes(value.of) : keys.includes(value);
  const shown = isKept ? value : keys[keys.length > 1 ? 1 : 0];
  const lines = listOf(series).filter((key) => keys.includes(key));
  const standing = made.groupBy.length || isShare(shown) ? lines : keys.slice(1);
  const several = OVER_TIME.has(kind) && kind !== "heatmap" ? standing : [];
  return {
    id: "answer", title, kind, value: shown, unit: isKept && unit ? unit : unitOf(shown), series: several,
    width: 12, height: 4, query: made,
  };
}

/** Put a changed question into the address. */
export function ask(question) {
  const { kind, title, unit, value, series, query } = settled(question);
  update({ q: JSON.stringify({ title, kind, unit, value, series, query }) });
}

