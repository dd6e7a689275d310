/** The page of usage: a statement for each user or virtual account, month by month, and series by any calendar. */

import { mountControls } from "./controls.js";
import { download, h, replace } from "./dom.js";
import { bytes, duration, exact, number, time } from "./format.js";
import { QueryError, signInAgain } from "./query.js";
import { drawBars, drawLines, roomOf } from "./session-plot.js";
import { boot, currentWindow, onChange, state, update } from "./state.js";
import { makeScale } from "./time-scale.js";

const STATEMENT = "/api/usage/statement";
const PROVIDERS = { ODSLRequest: "Requests", ODSLProcess: "Processes", AzureServiceBus: "Queues" };
const SERVICES = ["object", "data", "calendar"];
const OBSERVED = { summed: "sum", averaged: "mean", high: "highest", low: "lowest", beginning: "first", end: "last", delta: "change", none: "each" };
const MOST_ROWS = 400;
const MOST_CHOICES = 500;
const MOST_BARS = 100;
const UNITS = { ms: duration, bytes };

const page = document.getElementById("page");
const parameter = (name, otherwise = "") => new URLSearchParams(location.search).get(name) || otherwise;
const query = (parameters) => new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== "" && value !== undefined)).toString();

/** Ask an address of the usage protocol, whose errors are sentences after a number, in a header. */
async function askUsage(address, { signal } = {}) {
  const response = await fetch(address, { credentials: "same-origin", headers: { Accept: "application/json" }, signal });
  if (response.status === 401) return signInAgain();
  if (response.ok) return response.json();
  const sentence = response.headers.get("x-odsl-error") ?? `the server answered ${response.status}`;
  throw new QueryError(response.status, sentence.replace(/^\[\d+\] /, ""));
}

function section(id, title, description) {
  const body = h("div", { class: "body" });
  const tools = h("div", { class: "tools" });
  const text = h("p", { class: "description" }, description);
  const element = h("section", { class: "panel flow", id, "aria-labelledby": `${id}-title`, "aria-busy": "true" }, h("div", { class: "progress" }),
    h("header", {}, h("div", { class: "titles" }, h("h2", { id: `${id}-title` }, title), text)), tools, body);
  return { element, body, tools, text };
}

const labelled = (label, field) => h("label", { class: "field" }, h("span", {}, label), field);

/** A select whose choice is a parameter of the address; `choices` are `[value, label]`, `also` changes with it. */
function choice(name, label, choices, chosen, also = {}) {
  const known = choices.some(([value]) => value === chosen) ? choices : [[chosen, chosen], ...choices];
  const select = h("select", { onchange: () => update({ [name]: select.value, ...also }) },
    known.slice(0, MOST_CHOICES).map(([value, text]) => h("option", { value }, text)));
  select.value = chosen;
  return labelled(label, select);
}

function failed(target, error) {
  replace(target.body, h("div", { class: `state ${error.status === 403 ? "forbidden" : "error"}`, role: "alert" },
    h("strong", {}, error.status === 403 ? "You may not see this" : "That did not work"), h("p", {}, error.message)));
}

/* Statement */

const statement = section("statement", "Statement", "What a user's calls come to");

/** The month that is shown, as 2026-11: the one in the address, else this one. */
function month() {
  const asked = parameter("month");
  return /^\d{4}-(0[1-9]|1[0-2])$/.test(asked) ? asked : new Date().toISOString().slice(0, 7);
}

function otherMonth(by) {
  const [year, number_] = month().split("-").map(Number);
  return new Date(Date.UTC(year, number_ - 1 + by, 1)).toISOString().slice(0, 7);
}

/** The days of a month, up to today. */
function daysOf(name) {
  const [year, number_] = name.split("-").map(Number);
  const count = new Date(Date.UTC(year, number_, 0)).getUTCDate();
  const days = Array.from({ length: count }, (_, index) => `${name}-${String(index + 1).padStart(2, "0")}`);
  return days.filter((day) => day <= new Date().toISOString().slice(0, 10));
}

const monthName = () => new Intl.DateTimeFormat("en-GB", { month: "long", year: "numeric", timeZone: "UTC" }).format(new Date(`${month()}-01T00:00:00Z`));

const statementAddress = (format) => `${STATEMENT}?${query({
  user: parameter("user", boot.me.subject), from: month(), to: month(), calendar: parameter("by", "#P1D"), format,
})}`;

async function saveCsv(event) {
  event.preventDefault();
  const response = await fetch(statementAddress("csv"), { credentials: "same-origin" });
  if (response.ok) download(`statement-${parameter("user", boot.me.subject).replace(/[^\w.@-]+/g, "_")}-${month()}.csv`, await response.text(), "text/csv");
}

function statementTools({ users, calendars }) {
  const isNow = month() >= new Date().toISOString().slice(0, 7);
  replace(statement.tools,
    h("div", { class: "steps" },
      h("button", { "aria-label": "Month before", onclick: () => update({ month: otherMonth(-1) }) }, "‹"),
      h("strong", { class: "month", "aria-live": "polite" }, monthName()),
      h("button", { "aria-label": "Month after", disabled: isNow, onclick: () => update({ month: otherMonth(1) }) }, "›")),
    choice("user", "User or virtual account", users.map((each) => [each, each]), parameter("user", boot.me.subject)),
    choice("by", "By", calendars, parameter("by", "#P1D")),
    h("a", { class: "button", href: statementAddress("csv"), onclick: saveCsv }, "Download CSV"),
    h("a", { class: "button", href: statementAddress("html"), target: "_blank", rel: "noopener" }, "Open to print"));
}

const amounts = ({ requests, duration: milliseconds, bytes: size }) => [
  h("td", { class: "numeric", title: exact(requests) }, number(requests)),
  h("td", { class: "numeric", title: exact(milliseconds, "ms") }, duration(milliseconds)),
  h("td", { class: "numeric", title: exact(size, "bytes") }, bytes(size)),
];
const heads = (...names) => h("thead", {}, h("tr", {}, names.map((name) => h("th", { scope: "col" }, name)),
  ["Requests", "Duration", "Answers"].map((name) => h("th", { scope: "col", class: "numeric" }, name))));

function linesTable(lines, calendar) {
  const rows = lines.slice(0, MOST_ROWS).map((each) => h("tr", {},
    h("td", {}, each.time.replace("T", " ").replace(/ 00:00:00$/, "")), h("td", {}, each.service), amounts(each)));
  return h("details", {}, h("summary", {}, `By ${calendar} and service: ${exact(lines.length)} lines`),
    h("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": "Lines" }, h("table", {}, heads("Time", "Service"), h("tbody", {}, rows))),
    lines.length > MOST_ROWS ? h("p", { class: "note" }, `The first ${exact(MOST_ROWS)} lines: the CSV has all.`) : null);
}

function showStatement(found) {
  const { services, lines, total, calendar, timezone, user } = found;
  statement.text.textContent = `What the calls of ${user} come to, in the time of ${timezone}`;
  if (!lines.length) {
    return replace(statement.body, h("div", { class: "state" }, h("strong", {}, `No calls of ${user} in ${monthName()}`),
      h("p", {}, "Every call that this server answers counts for the subject of its token. Choose another month or user.")));
  }
  const chart = h("div", { class: "plot-box" });
  const table = h("table", {}, heads("Service"), h("tbody", {}, services.map((each) => h("tr", {}, h("td", {}, each.service), amounts(each)))),
    h("tfoot", {}, h("tr", {}, h("th", { scope: "row" }, "Total"), amounts(total))));
  replace(statement.body, chart, h("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": "Services" }, table), linesTable(lines, calendar));
  const sums = new Map(["#P1D", "#DAILY"].includes(calendar) ? daysOf(month()).map((day) => [`${day}T00:00:00`, 0]) : []);
  for (const { time: at, requests } of lines) sums.set(at, (sums.get(at) ?? 0) + requests);
  const isDay = [...sums.keys()].every((at) => at.endsWith("T00:00:00"));
  const bars = [...sums].map(([at, value]) => ({
    name: isDay ? at.slice(8, 10) : at.slice(11, 16), value, title: `${at.replace("T", " ")}: ${exact(value)} requests`,
  }));
  drawBars(chart, { bars, write: number, label: `Requests of ${user} by ${calendar}` });
  return undefined;
}

/* Series */

const series = section("series", "Series", "Calls, processes and queues by any calendar, in the window at the top");

function seriesNow() {
  const provider = parameter("provider") in PROVIDERS ? parameter("provider") : "ODSLRequest";
  const service = SERVICES.includes(parameter("service")) ? parameter("service") : "object";
  return { provider, service, metric: parameter("metric"), calendar: parameter("calendar", "#P1D"), observed: parameter("observed", "summed"), filter: parameter("filter") };
}

function seriesTools(metrics, metric, { calendars }) {
  const { provider, service, calendar, observed, filter } = seriesNow();
  const field = h("input", { type: "text", value: filter, placeholder: "httpstatus >= 400", autocomplete: "off", onchange: () => update({ filter: field.value }) });
  replace(series.tools, choice("provider", "Provider", Object.entries(PROVIDERS), provider, { metric: "" }), choice("metric", "Metric", metrics.map(({ name }) => [name, name]), metric),
    provider === "ODSLRequest" ? choice("service", "Service", SERVICES.map((each) => [each, each]), service) : null,
    choice("calendar", "Calendar", calendars, calendar), choice("observed", "Observed", Object.entries(OBSERVED), observed), labelled("Filter", field));
}

/** A time of the window as the zone's clocks show it, as ranges are written. */
function clock(at, zone) {
  const parts = new Intl.DateTimeFormat("en-CA", {
    timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
  }).formatToParts(at);
  const of = Object.fromEntries(parts.map(({ type, value }) => [type, value]));
  return `${of.year}-${of.month}-${of.day}T${of.hour}:${of.minute}:${of.second}`;
}

function seriesAddress(metric) {
  const { provider, service, calendar, observed, filter } = seriesNow();
  const { zone } = state();
  const { start, end } = currentWindow();
  const parameters = {
    _metric: `${provider}/${metric}`, _calendar: calendar, _observed: observed, _filter: filter, _scaling: "0",
    _range: `between(${clock(start, zone)},${clock(end, zone)},${zone})`,
  };
  return `/api/${provider === "ODSLRequest" ? service : "object"}/v1/private?${query(parameters)}`;
}

/** Observations with their instants; answers are in UTC, what is shown is in the zone of the page. */
function observations({ data, timezone }) {
  const zone = timezone === "UTC" ? state().zone : "UTC";
  const found = data.map(({ time: at, value }) => ({ at: Date.parse(`${at}Z`), value: value === "NaN" ? null : value }));
  const isDay = found.every(({ at }) => time(at, { zone, precision: "axisTime" }) === "00:00");
  return {
    zone, named: timezone === "UTC" ? zone : timezone, found,
    text: ({ at }) => time(at, { zone, precision: isDay ? "day" : "minute" }),
    short: ({ at }) => time(at, { zone, precision: isDay ? "axisDay" : "axisTime" }),
  };
}

function observationTable({ found, named, text }, units, write) {
  const rows = found.slice(-MOST_ROWS).reverse().map((each) => h("tr", {}, h("td", {}, text(each)),
    h("td", { class: "numeric", title: each.value === null ? "no calls" : exact(each.value) }, each.value === null ? "–" : write(each.value))));
  return h("details", {}, h("summary", {}, `Table of observations: ${exact(found.length)}`),
    h("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": "Observations" }, h("table", {},
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, `Time (${named})`), h("th", { scope: "col", class: "numeric" }, units))), h("tbody", {}, rows))),
    found.length > MOST_ROWS ? h("p", { class: "note" }, `The last ${exact(MOST_ROWS)}: the CSV has all.`) : null);
}

function drawSeries(chart, { found, zone, text, short }, name, write, label) {
  if (found.length <= MOST_BARS) {
    const bars = found.map((each) => ({ name: short(each), value: each.value ?? 0, title: `${text(each)}: ${each.value === null ? "none" : exact(each.value)}` }));
    drawBars(chart, { bars, write, label });
    return;
  }
  const points = found.filter(({ value }) => value !== null);
  const range = { start: found[0].at, end: found[found.length - 1].at };
  drawLines(chart, { series: [{ name, points }], scale: makeScale(range, roomOf(chart)), zone, write, fromZero: true, label, onRange: showWindow });
}

const showWindow = (start, end) => update({ window: `${new Date(start).toISOString()}/${new Date(end).toISOString()}` });

function showSeries(answer, description) {
  const { _id: name, units, calendar } = answer;
  const seen = observations(answer);
  series.text.textContent = `${description}. Calendar ${calendar}, times of ${seen.named}`;
  if (seen.found.every(({ value }) => value === null)) {
    replace(series.body, h("div", { class: "state" }, h("strong", {}, "Nothing was recorded in this window"),
      h("p", {}, "Choose a longer window, another service or a wider filter. Calls to other services are in Explore, as requestMetrics.")));
    return;
  }
  const write = UNITS[units] ?? number;
  const chart = h("div", { class: "plot-box" });
  const lines = answer.data.map(({ time: at, value }) => `${at},${value}`).join("\n");
  const save = () => download(`${name.replace("/", "-")}.csv`, `time,value\n${lines}\n`, "text/csv");
  replace(series.body, chart, observationTable(seen, units, write), h("button", { onclick: save }, "Download CSV"));
  drawSeries(chart, seen, name, write, `${name} by ${calendar}`);
}

/* The page */

let wanted = null;
let known = null;

async function into(target, work) {
  const { signal } = wanted;
  target.element.setAttribute("aria-busy", "true");
  try {
    await work(signal);
  } catch (error) {
    if (error.name !== "AbortError") failed(target, error);
  } finally {
    if (!signal.aborted) target.element.setAttribute("aria-busy", "false");
  }
}

/** Users that there are, and calendars: built-in ones and the tenant's own. */
async function learn() {
  const [users, builtIn, own] = await Promise.all(["/api/metric/v1?_distinct=user", "/api/calendar/v1/public", "/api/calendar/v1/private?_limit=200"].map((each) => askUsage(each).catch(() => [])));
  const calendars = [...builtIn, ...own].map(({ _id, name, description }) => [_id, description && builtIn.some((each) => each._id === _id) ? `${name}: ${description}` : _id]);
  return { users: [...new Set([boot.me.subject, ...users.filter(Boolean).sort()])], calendars };
}

async function load() {
  wanted?.abort();
  wanted = new AbortController();
  known ??= learn();
  const choices = await known;
  statementTools(choices);
  await Promise.all([
    into(statement, async (signal) => {
      const found = await askUsage(statementAddress("json"), { signal });
      if (!signal.aborted) showStatement(found);
    }),
    into(series, async (signal) => {
      const { provider, metric: asked } = seriesNow();
      const metrics = await askUsage(`/api/metric/v1?${query({ _function: "listMetrics", provider })}`, { signal });
      const chosen = metrics.find(({ name }) => name === asked) ?? metrics[0];
      if (signal.aborted) return;
      seriesTools(metrics, chosen.name, choices);
      const found = await askUsage(seriesAddress(chosen.name), { signal });
      if (!signal.aborted) showSeries(found, chosen.description);
    }),
  ]);
}

mountControls({ compare: false, refresh: false });
replace(page, statement.element, series.element);
onChange(load);
load();
