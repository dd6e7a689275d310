/** The page of sessions: what there is of each product, and a list to find one in. */

import { mountControls } from "./controls.js";
import { announce, h, icon, replace } from "./dom.js";
import { duration, exact, number, relative, time } from "./format.js";
import { repeat } from "./live.js";
import { ask, askJson } from "./query.js";
import { badge, badges, labelOf, MORE_STATUSES, STATUSES } from "./session-status.js";
import { currentWindow, onChange, refreshNow, state, update } from "./state.js";

const LIST = "/api/data/sessions/list";
const PRODUCTS = "/api/data/sessions/products";
const PER_PAGE = 20;
const MOST_PRODUCTS = 8;
const OFTEN = 10_000;
const SELDOM = 30_000;
const FILTERS = ["product", "version", "status", "event", "path", "value", "when"];
const COLUMNS = [
  { label: "Session" },
  { label: "Product" },
  { label: "Version" },
  { label: "Status", sort: "status" },
  { label: "Began", sort: "created" },
  { label: "Last seen", sort: "updated" },
  { label: "Ran for", numeric: true },
  { label: "Events", sort: "events", numeric: true },
  { label: "Points", sort: "metrics", numeric: true },
  { label: "Host" },
  { label: "User" },
];

const page = document.getElementById("page");
const parameter = (name) => new URLSearchParams(location.search).get(name) ?? "";
const filtersNow = () => Object.fromEntries(FILTERS.map((name) => [name, parameter(name)]));
const isFiltered = () => FILTERS.some((name) => name !== "when" && parameter(name));
const withoutFilters = () => Object.fromEntries([...FILTERS, "page"].map((name) => [name, ""]));
const atExact = (text) => time(text, { zone: state().zone, precision: "second" });

/** Parameters of the server's own: the window of the page, and its filters. */
function selection({ product, version, status, event, path, value, when }) {
  const { start, end } = currentWindow();
  const parameters = new URLSearchParams({ from: start.toISOString(), to: end.toISOString() });
  for (const [name, text] of Object.entries({ product, version, status, event })) if (text) parameters.set(name, text);
  if (path) {
    parameters.set("filter_mode", { now: "current_state", array: "state_array_contains" }[when] ?? "state_history");
    parameters.set("filter_path", path);
    parameters.set("filter_value", value);
  }
  return parameters;
}

/* Products and versions */

const products = panel("products", "Products", "Sessions that began in this time, by product and version");
let allProducts = false;

function countCell(each, status) {
  const count = each[status];
  if (!count) return h("td", { class: "numeric none" }, "0");
  const label = `${count} ${labelOf(status)} of ${each.product} ${each.version}`;
  const choose = () => update({ ...withoutFilters(), product: each.product, version: each.version, status });
  return h("td", { class: "numeric" }, h("button", { class: `count status-${status}`, title: label, "aria-label": label, onclick: choose }, number(count)));
}

function productRow(each) {
  const choose = (changes) => () => update({ ...withoutFilters(), ...changes });
  const isChosen = parameter("product") === each.product && parameter("version") === each.version;
  return h("tr", { class: isChosen ? "chosen" : null },
    h("td", {}, h("button", { class: "value", title: each.product, onclick: choose({ product: each.product }) }, each.product)),
    h("td", {}, h("button", { class: "value", title: each.version, onclick: choose({ product: each.product, version: each.version }) }, each.version)),
    h("td", { class: "numeric", title: exact(each.sessions) }, number(each.sessions)),
    STATUSES.map(({ name }) => countCell(each, name)),
    h("td", { title: atExact(each.latest) }, relative(each.latest)));
}

function showProducts({ products: found, complete }) {
  const shown = allProducts ? found : found.slice(0, MOST_PRODUCTS);
  const head = h("tr", {}, ["Product", "Version"].map((label) => h("th", { scope: "col" }, label)),
    h("th", { scope: "col", class: "numeric" }, "Sessions"),
    STATUSES.map(({ name, title }) => h("th", { scope: "col", class: "numeric", title }, badge(name))),
    h("th", { scope: "col" }, "Newest"));
  const more = () => {
    allProducts = !allProducts;
    showProducts({ products: found, complete });
  };
  const rest = found.length > MOST_PRODUCTS
    ? h("button", { class: "small", onclick: more }, allProducts ? "Show fewer" : `Show all ${exact(found.length)} versions`) : null;
  const note = complete ? null : h("p", { class: "note" }, "Only the newest 10,000 sessions of this time are counted: choose a shorter time.");
  if (!found.length) return replace(products.body, h("p", { class: "muted" }, "No sessions began in this time."));
  const table = h("table", {}, h("thead", {}, head), h("tbody", {}, shown.map(productRow)));
  return replace(products.body, h("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": "Products" }, table), note, rest);
}

/* The list */

const list = panel("list", "Sessions", "Click a session to see what happened in it");

function sortOf() {
  const sort = COLUMNS.some((each) => each.sort === parameter("sort")) ? parameter("sort") : "created";
  return { sort, order: parameter("order") === "asc" ? "asc" : "desc" };
}

function headCell({ label, sort, numeric }) {
  const now = sortOf();
  const isSorted = sort && now.sort === sort;
  const direction = now.order === "asc" ? "ascending" : "descending";
  const next = isSorted && now.order === "desc" ? "asc" : "";
  const change = () => update({ sort: sort === "created" ? "" : sort, order: next, page: "" });
  const arrow = icon(now.order === "asc" ? "up" : "fall");
  const content = sort ? h("button", { class: "sort", onclick: change }, numeric ? [arrow, label] : [label, arrow]) : label;
  return h("th", { scope: "col", class: numeric ? "numeric" : null, "aria-sort": isSorted ? direction : null }, content);
}

function sessionRow(each) {
  const address = `/sessions/${encodeURIComponent(each.id)}${state().zone === "UTC" ? "" : `?zone=${encodeURIComponent(state().zone)}`}`;
  const lasted = new Date(each.ended_at ?? each.updated_at) - new Date(each.created_at);
  const cut = (text, form = "") => h("td", {}, h("span", { class: `name ${form}`, title: text }, text));
  return h("tr", {},
    h("td", {}, h("a", { href: address, title: each.id, class: "session" }, each.id.slice(0, 8))),
    cut(each.product),
    cut(each.version),
    h("td", {}, badges(each.status, each.hung)),
    h("td", { title: atExact(each.created_at) }, relative(each.created_at)),
    h("td", { title: atExact(each.updated_at) }, relative(each.updated_at)),
    h("td", { class: "numeric", title: exact(lasted, "ms") }, duration(lasted)),
    h("td", { class: "numeric", title: exact(each.event_count) }, number(each.event_count)),
    h("td", { class: "numeric", title: exact(each.metric_count) }, number(each.metric_count)),
    cut(each.hostname ?? "–", "short"),
    cut(each.subject, "short"));
}

function pager(total) {
  const at = Math.min(pageNow(), Math.max(1, Math.ceil(total / PER_PAGE)));
  const first = (at - 1) * PER_PAGE + 1;
  const go = (to) => () => update({ page: to > 1 ? String(to) : "" });
  return h("nav", { class: "pages", "aria-label": "Pages of sessions" },
    h("span", {}, `${exact(first)} to ${exact(Math.min(first + PER_PAGE - 1, total))} of ${exact(total)}`),
    h("button", { disabled: at <= 1, onclick: go(at - 1) }, "Previous"),
    h("button", { disabled: first + PER_PAGE > total, onclick: go(at + 1) }, "Next"));
}

function pageNow() {
  const asked = Number(parameter("page"));
  return Number.isInteger(asked) && asked > 1 && asked <= 500 ? asked : 1;
}

function nothing() {
  if (isFiltered()) {
    return h("div", { class: "state" }, h("strong", {}, "No session fits these filters"),
      h("p", {}, "Take one away, or choose a longer time."),
      h("button", { onclick: () => update(withoutFilters()) }, "Clear filters"));
  }
  return h("div", { class: "state" }, h("strong", {}, "No sessions began in this time"),
    h("p", {}, "Choose a longer time, or begin one:"),
    h("pre", { tabIndex: 0 }, `curl ${location.origin}/api/sessions -H "Authorization: Bearer $METERD_TOKEN" \\\n  -d '{"product": "editor", "version": "1.4.0"}'`));
}

function showList({ sessions, total, complete }) {
  list.count.textContent = exact(total);
  if (!sessions.length) return replace(list.body, total ? pager(total) : nothing());
  const table = h("table", {}, h("thead", {}, h("tr", {}, COLUMNS.map(headCell))), h("tbody", {}, sessions.map(sessionRow)));
  const focused = document.activeElement?.closest?.("th, td, nav") && list.body.contains(document.activeElement)
    ? [document.activeElement.tagName, document.activeElement.textContent] : null;
  replace(list.body, h("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": "Sessions" }, table),
    complete ? null : h("p", { class: "note" }, "Only the newest 10,000 sessions of this time are looked at: choose a shorter time to see older ones."), pager(total));
  if (focused) [...list.body.querySelectorAll(focused[0])].find((each) => each.textContent === focused[1])?.focus();
  return undefined;
}

/* Filters */

const versionsOf = new Map();
const fields = {
  product: h("select", { name: "product" }),
  version: h("select", { name: "version" }),
  status: h("select", { name: "status" }, h("option", { value: "" }, "Any"),
    [...STATUSES, ...MORE_STATUSES].map(({ name, label }) => h("option", { value: name }, label))),
  event: h("input", { name: "event", type: "text", list: "event-names", autocomplete: "off", placeholder: "checkout" }),
  path: h("input", { name: "path", type: "text", autocomplete: "off", placeholder: "window.theme" }),
  value: h("input", { name: "value", type: "text", autocomplete: "off", placeholder: "dark" }),
  when: h("select", { name: "when" }, [["", "now or ever"], ["now", "now"], ["array", "in an array, now"]]
    .map(([value, label]) => h("option", { value }, label))),
};
const eventNames = h("datalist", { id: "event-names" });

const labelled = (label, field) => h("label", { class: "field" }, h("span", {}, label), field);

function filterForm() {
  const send = (event) => {
    event.preventDefault();
    update({ ...Object.fromEntries(FILTERS.map((name) => [name, fields[name].value])), page: "" });
  };
  fields.product.addEventListener("change", () => fillVersions(""));
  for (const name of ["product", "version", "status"]) fields[name].addEventListener("change", () => form.requestSubmit());
  fields.event.addEventListener("focus", suggestEvents, { once: true });
  const form = h("form", { class: "find", onsubmit: send, "aria-label": "Filter sessions" },
    labelled("Product", fields.product), labelled("Version", fields.version), labelled("Status", fields.status),
    labelled("Event", fields.event), eventNames, labelled("State key", fields.path), labelled("equals", fields.value),
    labelled("when", fields.when), h("button", { type: "submit", class: "primary" }, "Filter"));
  return form;
}

function options(select, values, any) {
  replace(select, h("option", { value: "" }, any), values.map((value) => h("option", { value }, value)));
}

function fillVersions(chosen) {
  const known = fields.product.value ? versionsOf.get(fields.product.value) ?? [] : [...new Set([...versionsOf.values()].flat())];
  options(fields.version, [...new Set([...known, chosen].filter(Boolean))].slice(0, 500), "Any");
  fields.version.value = chosen;
}

function fillForm(found) {
  versionsOf.clear();
  for (const { product, version } of found) versionsOf.set(product, [...(versionsOf.get(product) ?? []), version]);
  if (document.activeElement?.form?.classList.contains("find")) return;
  const chosen = filtersNow();
  options(fields.product, [...new Set([...versionsOf.keys(), chosen.product].filter(Boolean))].slice(0, 500), "Any");
  fields.product.value = chosen.product;
  fillVersions(chosen.version);
  for (const name of ["status", "event", "path", "value", "when"]) fields[name].value = chosen[name];
}

/** Offer names of events that there are. */
async function suggestEvents() {
  const { start, end } = currentWindow();
  const body = {
    startTs: start.toISOString(), endTs: end.toISOString(), datasource: "sessionEvents", type: "distribution",
    aggregations: [{ type: "count", column: "name" }], groupBy: ["name"], orderBy: "total", limit: 100,
  };
  const found = await ask(body).catch(() => []);
  replace(eventNames, found.map(({ name }) => h("option", { value: name ?? "" })));
}

function chips() {
  const { product, version, status, event, path, value, when } = filtersNow();
  const chip = (label, text, names) => text && h("span", { class: "chip" },
    h("span", { class: "text", title: `${label}: ${text}` }, h("b", {}, label), ` ${text}`),
    h("button", { "aria-label": `Remove filter ${label}`, onclick: () => update({ ...Object.fromEntries(names.map((name) => [name, ""])), page: "" }) }, icon("close")));
  replace(document.getElementById("filters"),
    chip("Product", product, ["product", "version"]), chip("Version", version, ["version"]),
    chip("Status", status && labelOf(status), ["status"]), chip("Event", event, ["event"]),
    chip({ now: "State now", array: "Array in state" }[when] ?? "State ever", path && `${path} = ${value}`, ["path", "value", "when"]));
}

/* The page */

function panel(id, title, description) {
  const count = h("span", { class: "muted" });
  const body = h("div", { class: "body" });
  const heading = h("header", {}, h("div", { class: "titles" }, h("h2", { id: `${id}-title` }, title, " ", count), h("p", { class: "description" }, description)));
  const element = h("section", { class: "panel flow", id, "aria-labelledby": `${id}-title`, "aria-busy": "true" },
    h("div", { class: "progress" }), heading, body);
  return { element, body, count };
}

function failed(target, error) {
  const kind = error.status === 403 ? "forbidden" : "error";
  replace(target.body, h("div", { class: `state ${kind}`, role: "alert" }, h("strong", {}, error.status === 403 ? "You may not see this" : "That did not work"), h("p", {}, error.message)));
}

let wanted = null;
let someActive = true;

async function into(target, address, show) {
  const { signal } = wanted;
  target.element.setAttribute("aria-busy", "true");
  try {
    const answer = await askJson(address, { signal });
    if (!signal.aborted) show(answer);
  } catch (error) {
    if (error.name !== "AbortError") failed(target, error);
  } finally {
    if (!signal.aborted) target.element.setAttribute("aria-busy", "false");
  }
}

async function load() {
  wanted?.abort();
  wanted = new AbortController();
  const listed = selection(filtersNow());
  for (const [name, value] of Object.entries({ ...sortOf(), limit: PER_PAGE, offset: (pageNow() - 1) * PER_PAGE })) listed.set(name, value);
  chips();
  await Promise.all([
    into(products, `${PRODUCTS}?${selection({})}`, (answer) => {
      someActive = answer.products.some(({ active }) => active);
      fillForm(answer.products);
      showProducts(answer);
    }),
    into(list, `${LIST}?${listed}`, showList),
  ]);
}

const isLive = () => parameter("live") !== "off" && state().window.name !== "custom";
const live = repeat(async () => refreshNow(), () => (isLive() ? (someActive ? OFTEN : SELDOM) : 0));

function liveButton() {
  const button = h("button", { class: "live", "aria-pressed": String(isLive()), onclick: toggle }, h("span", { class: "dot" }), "Live");
  function toggle() {
    update({ live: isLive() ? "off" : "" }, { replace: true });
    announce(isLive() ? "The page updates by itself" : "The page no longer updates by itself");
  }
  onChange(() => button.setAttribute("aria-pressed", String(isLive())));
  return button;
}

mountControls({ compare: false, refresh: false });
document.getElementById("controls").prepend(liveButton());
replace(page, products.element, filterForm(), list.element);
onChange(() => load().finally(live.plan));
load().finally(live.plan);
