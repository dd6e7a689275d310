/** Series of a provider by any calendar. */

import { download, h, replace } from "./dom.js";
import { labelled, scrolled, showTools } from "./flow-panel.js";
import { bytes, duration, exact, number, time } from "./format.js";
import { drawBars, drawLines, roomOf } from "./session-plot.js";
import { currentWindow, state, update } from "./state.js";
import { makeScale } from "./time-scale.js";
import { choice, parameter, query } from "./usage-questions.js";

const PROVIDERS = { ODSLRequest: "Requests", ODSLProcess: "Processes", AzureServiceBus: "Queues" };
const SERVICES = ["object", "data", "calendar"];
const OBSERVED = {
  summed: "sum",
  averaged: "mean",
  high: "highest",
  low: "lowest",
  beginning: "first",
  end: "last",
  delta: "change",
  none: "each",
};
const MOST_ROWS = 400;
const MOST_BARS = 100;
const UNITS = { ms: duration, bytes };

export function seriesNow() {
  const provider = parameter("provider") in PROVIDERS ? parameter("provider") : "ODSLRequest";
  const service = SERVICES.includes(parameter("service")) ? parameter("service") : "object";
  return {
    provider,
    service,
    metric: parameter("metric"),
    calendar: parameter("calendar", "#P1D"),
    observed: parameter("observed", "summed"),
    filter: parameter("filter"),
  };
}

/** Fill the tools of the panel: what the series is of, and by which calendar. */
export function seriesTools(panel, metrics, metric, { calendars }) {
  const { provider, service, calendar, observed, filter } = seriesNow();
  const field = h("input", {
    type: "text",
    value: filter,
    placeholder: "httpstatus >= 400",
    autocomplete: "off",
    onchange: () => update({ filter: field.value }),
  });
  showTools(
    panel,
    choice("provider", "Provider", Object.entries(PROVIDERS), provider, { metric: "" }),
    choice(
      "metric",
      "Metric",
      metrics.map(({ name }) => [name, name]),
      metric,
    ),
    provider === "ODSLRequest"
      ? choice(
          "service",
          "Service",
          SERVICES.map((each) => [each, each]),
          service,
        )
      : null,
    choice("calendar", "Calendar", calendars, calendar),
    choice("observed", "Observed", Object.entries(OBSERVED), observed),
    labelled("Filter", field),
  );
}

/** A time of the window as the zone's clocks show it, as ranges are written. */
function clock(at, zone) {
  const parts = new Intl.DateTimeFormat("en-CA", {
    timeZone: zone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  }).formatToParts(at);
  const of = Object.fromEntries(parts.map(({ type, value }) => [type, value]));
  return `${of.year}-${of.month}-${of.day}T${of.hour}:${of.minute}:${of.second}`;
}

export function seriesAddress(metric) {
  const { provider, service, calendar, observed, filter } = seriesNow();
  const { zone } = state();
  const { start, end } = currentWindow();
  const parameters = {
    _metric: `${provider}/${metric}`,
    _calendar: calendar,
    _observed: observed,
    _filter: filter,
    _scaling: "0",
    _range: `between(${clock(start, zone)},${clock(end, zone)},${zone})`,
  };
  return `/api/${provider === "ODSLRequest" ? service : "object"}/v1/private?${query(parameters)}`;
}

/** Observations with their instants; answers are in UTC, what is shown is in the zone of the page. */
function observations({ data, timezone }) {
  const zone = timezone === "UTC" ? state().zone : "UTC";
  const found = data.map(({ time: at, value }) => ({
    at: Date.parse(`${at}Z`),
    value: value === "NaN" ? null : value,
  }));
  const isDay = found.every(({ at }) => time(at, { zone, precision: "axisTime" }) === "00:00");
  return {
    zone,
    named: timezone === "UTC" ? zone : timezone,
    found,
    text: ({ at }) => time(at, { zone, precision: isDay ? "day" : "minute" }),
    short: ({ at }) => time(at, { zone, precision: isDay ? "axisDay" : "axisTime" }),
  };
}

function observationTable({ found, named, text }, units, write) {
  const rows = found
    .slice(-MOST_ROWS)
    .reverse()
    .map((each) =>
      h(
        "tr",
        {},
        h("td", {}, text(each)),
        h(
          "td",
          { class: "numeric", title: each.value === null ? "no calls" : exact(each.value) },
          each.value === null ? "–" : write(each.value),
        ),
      ),
    );
  return h(
    "details",
    {},
    h("summary", {}, `Table of observations: ${exact(found.length)}`),
    h(
      "div",
      { class: "scroll", tabIndex: 0, role: "region", "aria-label": "Observations" },
      h(
        "table",
        {},
        h(
          "thead",
          {},
          h("tr", {}, h("th", { scope: "col" }, `Time (${named})`), h("th", { scope: "col", class: "numeric" }, units)),
        ),
        h("tbody", {}, rows),
      ),
    ),
    found.length > MOST_ROWS ? h("p", { class: "note" }, `The last ${exact(MOST_ROWS)}: the CSV has all.`) : null,
  );
}

function drawSeries(chart, { found, zone, text, short }, name, write, label) {
  if (found.length <= MOST_BARS) {
    const bars = found.map((each) => ({
      name: short(each),
      value: each.value ?? 0,
      title: `${text(each)}: ${each.value === null ? "none" : exact(each.value)}`,
    }));
    drawBars(chart, { bars, write, label });
    return;
  }
  const points = found.filter(({ value }) => value !== null);
  const range = { start: found[0].at, end: found[found.length - 1].at };
  drawLines(chart, {
    series: [{ name, points }],
    scale: makeScale(range, roomOf(chart)),
    zone,
    write,
    fromZero: true,
    label,
    onRange: showWindow,
  });
}

const showWindow = (start, end) =>
  update({ window: `${new Date(start).toISOString()}/${new Date(end).toISOString()}` });

/** Fill the panel with a series. */
export function showSeries(panel, answer, description) {
  const { _id: name, units, calendar } = answer;
  const seen = observations(answer);
  panel.description.textContent = `${description}. Calendar ${calendar}, times of ${seen.named}`;
  if (seen.found.every(({ value }) => value === null)) {
    replace(
      panel.body,
      h(
        "div",
        { class: "state" },
        h("strong", {}, "Nothing was recorded in this window"),
        h(
          "p",
          {},
          "Choose a longer window, another service or a wider filter. Calls to other services are in Explore, as requestMetrics.",
        ),
      ),
    );
    return;
  }
  const write = UNITS[units] ?? number;
  const chart = h("div", { class: "plot-box" });
  const lines = answer.data.map(({ time: at, value }) => `${at},${value}`).join("\n");
  const save = () => download(`${name.replace("/", "-")}.csv`, `time,value\n${lines}\n`, "text/csv");
  replace(panel.body, chart, observationTable(seen, units, write), h("button", { onclick: save }, "Download CSV"));
  drawSeries(chart, seen, name, write, `${name} by ${calendar}`);
}
