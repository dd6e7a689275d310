/** A metric over the sessions that the filters select: all of its points, or one of each session. */

import { h, replace } from "./dom.js";
import { flowPanel, labelled, showTools, whileBusy } from "./flow-panel.js";
import { exact, number } from "./format.js";
import { ask, askJson } from "./query.js";
import { parameter } from "./session-filters.js";
import { drawLines, roomOf } from "./session-plot.js";
import { currentWindow, state, update } from "./state.js";
import { makeScale } from "./time-scale.js";

const AGGREGATIONS = [
  ["all", "all points"],
  ["average", "mean of each session"],
  ["peak", "highest of each session"],
  ["min", "lowest of each session"],
];
const MOST_NAMES = 200;

export const metricPanel = flowPanel(
  "metric",
  "A metric over these sessions",
  "Of the sessions that the filters select",
);

function choice(label, name, choices, chosen) {
  const select = h(
    "select",
    { onchange: () => update({ [name]: select.value }, { replace: true }) },
    choices.map(([value, text]) => h("option", { value }, text)),
  );
  select.value = chosen;
  return labelled(label, select);
}

/** Names of metrics that have points in the window, those with the most points first. */
async function names(signal) {
  const { start, end } = currentWindow();
  const found = await ask(
    {
      startTs: start.toISOString(),
      endTs: end.toISOString(),
      datasource: "sessionMetrics",
      type: "distribution",
      aggregations: [{ type: "count", column: "name" }],
      groupBy: ["name"],
      orderBy: "total",
      limit: MOST_NAMES,
    },
    { signal },
  );
  return found.map(({ name }) => name).filter(Boolean);
}

const figure = (label, value) => h("div", { title: exact(value) }, h("dt", {}, label), h("dd", {}, number(value)));

function figures({ points, average, min, peak, sessions_matched: sessions }) {
  const values = points.map(({ value }) => value).sort((a, b) => a - b);
  const middle = (values[(values.length - 1) >> 1] + values[values.length >> 1]) / 2;
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - average) ** 2, 0) / values.length);
  return h(
    "dl",
    { class: "figures" },
    [
      ["Mean", average],
      ["Deviation", deviation],
      ["Median", middle],
      ["Min", min],
      ["Max", peak],
    ].map((each) => figure(...each)),
    figure("Points", values.length),
    figure("Sessions", sessions),
  );
}

function show({ body }, answer) {
  if (!answer.points) {
    replace(
      body,
      h("p", { class: "muted" }, `None of the ${exact(answer.sessions_matched)} sessions has a point of this metric.`),
    );
    return;
  }
  const points = answer.points.map(({ timestamp, value }) => ({ at: Date.parse(timestamp), value }));
  points.sort((a, b) => a.at - b.at);
  const chart = h("div", { class: "plot-box" });
  replace(body, figures(answer), chart);
  const [first, last] = [points[0].at, points[points.length - 1].at];
  const room = Math.max((last - first) * 0.02, 1000);
  drawLines(chart, {
    series: [{ name: answer.metric_name, points }],
    scale: makeScale({ start: first - room, end: last + room }, roomOf(chart)),
    zone: state().zone,
    write: number,
    dots: true,
    label: `${answer.metric_name} over sessions`,
    onRange: (start, end) => update({ window: `${new Date(start).toISOString()}/${new Date(end).toISOString()}` }),
  });
}

/** Ask for the metric in the address, of the sessions that `selection` selects. */
export function loadMetric(selection, signal) {
  const [metric, aggregation] = [parameter("metric"), parameter("aggregation") || "all"];
  return whileBusy(metricPanel, signal, async () => {
    const known = await names(signal);
    if (signal.aborted) return;
    metricPanel.element.hidden = !known.length && !metric;
    const choices = [
      ["", "Choose a metric"],
      ...[...new Set([...known, metric].filter(Boolean))].map((each) => [each, each]),
    ];
    if (!metricPanel.tools.contains(document.activeElement))
      showTools(
        metricPanel,
        choice("Metric", "metric", choices, metric),
        choice("Show", "aggregation", AGGREGATIONS, aggregation),
      );
    if (!metric) {
      replace(metricPanel.body);
      return;
    }
    const parameters = new URLSearchParams([...selection, ["metric", metric], ["aggregation", aggregation]]);
    const answer = await askJson(`/api/timeseries?${parameters}`, { signal });
    if (!signal.aborted) show(metricPanel, answer);
  });
}
