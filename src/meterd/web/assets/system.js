/** The page for operators: how the service is, what is near a limit, and which settings are in effect. */

import { mountControls } from "./controls.js";
import { announce, h, replace } from "./dom.js";
import { bytes, duration, exact, measure, number, rate, relative, share, time } from "./format.js";
import { repeat } from "./live.js";
import { showError } from "./failures.js";
import { askJson } from "./query.js";
import { onChange, state } from "./state.js";
import { table } from "./table.js";

const OFTEN = 10_000;
const NEAR = 0.8;
const page = document.getElementById("page");
let before = null;

/** The figures of a metric, of which a label may be wanted. */
const figuresOf = (answer, name) => answer.metrics[name]?.figures ?? [];
const total = (answer, name) => figuresOf(answer, name).reduce((sum, { value }) => sum + value, 0);
const one = (answer, name, label, wanted) =>
  figuresOf(answer, name).find(({ labels }) => label === undefined || labels[label] === wanted);
const seconds = (value) => duration(value === null || value === undefined ? null : value * 1000);

/** How fast a counter grows, known from the second look on. */
function growth(answer, name) {
  if (!before) return null;
  const passed = answer.uptimeSeconds - before.uptimeSeconds;
  return passed > 0 ? Math.max(0, total(answer, name) - total(before, name)) / passed : null;
}

/* Figures */

function card(title, value, beside = "", isBad = false) {
  return h("section", { class: isBad ? "card bad" : "card" },
    h("h2", {}, title), h("div", { class: "value" }, value), h("div", { class: "beside" }, beside));
}

function ofTime(answer, title, name) {
  const { quantiles, value } = one(answer, name) ?? {};
  const beside = value ? `half within ${seconds(quantiles["0.5"])}, of ${number(value)}` : "none yet";
  return card(`${title}, p99`, seconds(quantiles?.["0.99"]), beside);
}

function cards(answer) {
  const started = Date.now() - answer.uptimeSeconds * 1000;
  const failing = figuresOf(answer, "meterd_worker_up").filter(({ value }) => !value);
  const queries = merged(figuresOf(answer, "meterd_query_seconds"));
  return h("div", { class: "figures" },
    card("Health", answer.problem ? "Fails" : "Works", failing.length ? `${failing.length} workers fail` : "a write and a read work", Boolean(answer.problem)),
    card("Version", answer.version, h("span", { title: `${time(started, { zone: state().zone, precision: "second" })} ${state().zone}` }, `started ${relative(started)}`)),
    card("Facts taken", rate(growth(answer, "meterd_ingest_facts")), `${number(total(answer, "meterd_ingest_facts"))} since the start`),
    card("Facts stored", rate(growth(answer, "meterd_loader_facts")), `${number(total(answer, "meterd_loader_facts"))} since the start`),
    card("Not yet stored", bytes(total(answer, "meterd_loader_backlog_bytes")), `${number(total(answer, "meterd_loader_lag_entries"))} entries of the journal`),
    ofTime(answer, "Commit", "meterd_journal_commit_seconds"),
    ofTime(answer, "Store batch", "meterd_loader_batch_seconds"),
    card("Queries", number(queries), `${number(total(answer, "meterd_query_failures"))} hit a limit`),
    ofTime(answer, "Event loop late", "meterd_event_loop_delay_seconds"),
    card("Connections", number(total(answer, "meterd_http_connections")), `${number(total(answer, "meterd_http_requests"))} requests`),
  );
}

const merged = (figures) => figures.reduce((sum, { value }) => sum + value, 0);

/* Tables, made once: they keep their order, their page and where they are scrolled to */

function section(id, title, description, content, extra = null) {
  return h("section", { class: "panel flow", id, "aria-labelledby": `${id}-title` },
    h("header", {}, h("div", { class: "titles" }, h("h2", { id: `${id}-title` }, title), h("p", { class: "description" }, description)), extra),
    content);
}

function gauge({ share: part, name }) {
  const meter = h("meter", { min: 0, max: 1, high: NEAR, low: NEAR / 2, optimum: 0, value: Math.min(1, part), "aria-label": name });
  return h("span", { class: "share" }, meter, h("span", {}, part >= NEAR ? h("strong", { class: "problem" }, share(part)) : part > 0 && part < 0.001 ? "< 0.1\u202f%" : share(part)));
}

const limits = table({
  label: "Use of limits",
  rows: [],
  order: { column: 3, isDescending: true },
  columns: [
    { title: "What", read: (row) => row.name },
    { title: "Now", read: (row) => row.used, show: (row) => measure(row.used, row.unit), exact: (row) => exact(row.used, row.unit), isNumeric: true },
    { title: "Limit", read: (row) => row.limit, show: (row) => measure(row.limit, row.unit), exact: (row) => exact(row.limit, row.unit), isNumeric: true },
    { title: "Used", read: (row) => row.share, show: gauge, isNumeric: true },
    { title: "Setting", read: (row) => row.setting, show: (row) => h("code", {}, row.setting) },
  ],
});

const times = (label, first, title) => table({
  label,
  rows: [],
  order: { column: 1, isDescending: true },
  columns: [
    { title, read: (row) => row.labels[first] },
    { title: "Count", read: (row) => row.value, show: (row) => number(row.value), exact: (row) => exact(row.value), isNumeric: true },
    ...["0.5", "0.9", "0.99"].map((part) => ({
      title: `p${Number(part) * 100}`, read: (row) => row.quantiles[part], show: (row) => seconds(row.quantiles[part]), isNumeric: true,
    })),
  ],
});
const queries = times("Queries by dataset", "dataset", "Dataset");
const requests = times("Requests by address", "route", "Address");

const datasets = table({
  label: "Facts by dataset",
  rows: [],
  order: { column: 1, isDescending: true },
  columns: [
    { title: "Dataset", read: (row) => row.dataset },
    ...[["Taken", "taken"], ["Known already", "duplicates"], ["Stored", "stored"], ["Set aside", "aside"]].map(([title, key]) => ({
      title, read: (row) => row[key], show: (row) => number(row[key]), exact: (row) => exact(row[key]), isNumeric: true,
    })),
  ],
});

const workers = table({
  label: "State of workers",
  rows: [],
  columns: [
    { title: "Worker", read: (row) => row.worker },
    { title: "State", read: (row) => (row.up ? "works" : "fails"), show: (row) => (row.up ? "works" : h("strong", { class: "problem" }, "fails")) },
    { title: "Failed rounds", read: (row) => row.failures, show: (row) => number(row.failures), isNumeric: true },
  ],
});

const refusals = table({
  label: "What was refused and failed",
  rows: [],
  order: { column: 2, isDescending: true },
  columns: [
    { title: "What", read: (row) => row.help, show: (row) => h("span", { class: "name", title: row.metric }, row.help) },
    { title: "Of which", read: (row) => row.of },
    { title: "Since the start", read: (row) => row.value, show: (row) => number(row.value), exact: (row) => exact(row.value), isNumeric: true },
  ],
});

const settings = table({
  label: "All settings in effect",
  rows: [],
  pageSize: 100,
  columns: [
    { title: "Setting", read: (row) => row.key, show: (row) => h("code", {}, row.key) },
    { title: "Value", read: (row) => valueText(row.value), show: (row) => h("code", { class: "long" }, valueText(row.value)) },
    { title: "Set", read: (row) => (row.isDefault ? "by default" : "by you"), show: (row) => (row.isDefault ? h("span", { class: "muted" }, "by default") : h("strong", {}, "by you")) },
  ],
});

function valueText(value) {
  if (value === null) return "–";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Facts of each dataset, as several metrics count them. */
function byDataset(answer) {
  const rows = new Map();
  const columns = { taken: "meterd_ingest_facts", duplicates: "meterd_ingest_duplicate_facts", stored: "meterd_loader_facts", aside: "meterd_loader_set_aside_facts" };
  for (const [column, name] of Object.entries(columns)) {
    for (const { labels, value } of figuresOf(answer, name)) {
      const row = rows.get(labels.dataset) ?? { dataset: labels.dataset, taken: 0, duplicates: 0, stored: 0, aside: 0 };
      row[column] += value;
      rows.set(labels.dataset, row);
    }
  }
  return [...rows.values()];
}

const TROUBLE = /refusals$|failures$|refused$|forgotten$|withheld$|skipped$|left_out$|set_aside_entries$|cancelled$/;

/** Whatever counts trouble and is not zero. */
function troubles(answer) {
  return Object.entries(answer.metrics)
    .filter(([name]) => TROUBLE.test(name))
    .flatMap(([metric, { help, figures }]) =>
      figures.filter(({ value }) => value > 0).map(({ labels, value }) => ({ metric, help, of: Object.values(labels).join(", "), value })));
}

const find = h("input", { type: "search", placeholder: "Find a setting", "aria-label": "Find a setting", input: () => showSettings(before) });

function showSettings(answer) {
  const wanted = find.value.trim().toLowerCase();
  settings.setRows((answer?.settings ?? []).filter(({ key, value }) => `${key} ${valueText(value)}`.toLowerCase().includes(wanted)));
}

const top = h("div", {});
const banner = h("div", {});
const nothing = h("p", { class: "muted" }, "Nothing was refused and nothing failed since the start.");
const layout = h("div", { class: "columns" },
  h("div", { class: "wide" }, section("limits", "Limits", "How much there is of what is limited; the nearest first", limits)),
  h("div", { class: "wide" }, section("refusals", "Refused and failed", "What limits and faults cost since the start", h("div", {}, refusals, nothing))),
  section("datasets", "Facts", "What was taken, known already and stored, by dataset", datasets),
  section("queries", "Queries", "Time in the store, by dataset", queries),
  h("div", { class: "wide" }, section("requests", "Requests", "Time to answer, by address", requests)),
  h("div", { class: "wide" }, section("workers", "Workers", "What works beside answering requests", workers)),
  h("div", { class: "wide" }, section("settings", "Settings in effect", "Credentials in addresses are masked", settings, find)),
);

function bannerOf({ problem, notice }) {
  if (problem) return h("div", { class: "banner error", role: "alert" }, h("strong", {}, "The service can't do its work: "), problem);
  return notice ? h("div", { class: "banner", role: "status" }, h("strong", {}, "Look at this: "), notice) : null;
}

function show(answer) {
  replace(banner, bannerOf(answer));
  replace(top, cards(answer));
  limits.setRows(answer.limits);
  datasets.setRows(byDataset(answer));
  queries.setRows(figuresOf(answer, "meterd_query_seconds"));
  requests.setRows(figuresOf(answer, "meterd_http_request_seconds"));
  const up = figuresOf(answer, "meterd_worker_up");
  workers.setRows(up.map(({ labels, value }) => ({ worker: labels.worker, up: value === 1, failures: one(answer, "meterd_worker_failures", "worker", labels.worker)?.value ?? 0 })));
  const rows = troubles(answer);
  refusals.setRows(rows);
  refusals.hidden = rows.length === 0;
  nothing.hidden = rows.length > 0;
  const isFirst = before === null;
  before = answer;
  if (isFirst) {
    showSettings(answer);
    replace(page, banner, top, layout);
  }
}

async function load() {
  try {
    show(await askJson("/api/system"));
  } catch (error) {
    if (before) replace(banner, h("div", { class: "banner error", role: "alert" }, `The figures are old: ${error.message}.`));
    else showError(page, error, live.now);
    announce("The figures could not be read");
  }
}

const live = repeat(load, () => OFTEN);
mountControls({ window: false, compare: false, refresh: false });
replace(page, h("p", { class: "muted", role: "status" }, "Reading the figures …"));
onChange(live.now);
live.now();
