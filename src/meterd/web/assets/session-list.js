/** The list of sessions: sorted by a click on a head, page by page. */

import { h, icon, replace } from "./dom.js";
import { scrolled } from "./flow-panel.js";
import { duration, exact, number, recent, time } from "./format.js";
import { isFiltered, parameter, withoutFilters } from "./session-filters.js";
import { badges } from "./session-status.js";
import { currentWindow, state, update, windowText } from "./state.js";

export const PER_PAGE = 20;
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
const atExact = (text) => time(text, { zone: state().zone, precision: "second" });

export function sortOf() {
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
  const content = sort
    ? h("button", { class: "sort", onclick: change }, numeric ? [arrow, label] : [label, arrow])
    : label;
  return h(
    "th",
    { scope: "col", class: numeric ? "numeric" : null, "aria-sort": isSorted ? direction : null },
    content,
  );
}

/** When a session was last seen: of the day on which it began only the time, where that is told with its day. */
function lastSeen({ created_at: began, updated_at: seen }) {
  const { zone } = state();
  const [first, last] = [began, seen].map((each) => time(each, { zone, precision: "day" }));
  const text = recent(seen, { zone });
  return first === last && text === time(seen, { zone, precision: "moment" })
    ? time(seen, { zone, precision: "axisTime" })
    : text;
}

function sessionRow(each) {
  const address = `/sessions/${encodeURIComponent(each.id)}${state().zone === "UTC" ? "" : `?zone=${encodeURIComponent(state().zone)}`}`;
  const lasted = new Date(each.ended_at ?? each.updated_at) - new Date(each.created_at);
  const cut = (text, form = "") => h("td", {}, h("span", { class: `name ${form}`, title: text }, text));
  return h(
    "tr",
    {},
    h("td", {}, h("a", { href: address, title: each.id, class: "session" }, each.id.slice(0, 8))),
    cut(each.product),
    cut(each.version),
    h("td", {}, badges(each.status, each.hung)),
    h("td", { title: atExact(each.created_at) }, recent(each.created_at, { zone: state().zone })),
    h("td", { title: atExact(each.updated_at) }, lastSeen(each)),
    h("td", { class: "numeric", title: exact(lasted, "ms") }, duration(lasted)),
    h("td", { class: "numeric", title: exact(each.event_count) }, number(each.event_count)),
    h("td", { class: "numeric", title: exact(each.metric_count) }, number(each.metric_count)),
    cut(each.hostname ?? "–", "short"),
    cut(each.subject, "short"),
  );
}

function pager(total) {
  const at = Math.min(pageNow(), Math.max(1, Math.ceil(total / PER_PAGE)));
  const first = (at - 1) * PER_PAGE + 1;
  const go = (to) => () => update({ page: to > 1 ? String(to) : "" });
  return h(
    "nav",
    { class: "pages", "aria-label": "Pages of sessions" },
    h("span", {}, `${exact(first)} to ${exact(Math.min(first + PER_PAGE - 1, total))} of ${exact(total)}`),
    h("button", { disabled: at <= 1, onclick: go(at - 1) }, "Previous"),
    h("button", { disabled: first + PER_PAGE > total, onclick: go(at + 1) }, "Next"),
  );
}

export function pageNow() {
  const asked = Number(parameter("page"));
  return Number.isInteger(asked) && asked > 1 && asked <= 500 ? asked : 1;
}

function nothing() {
  if (isFiltered()) {
    return h(
      "div",
      { class: "state" },
      h("strong", {}, "No session fits these filters"),
      h("p", {}, "Take one away, or choose a longer time."),
      h("button", { onclick: () => update(withoutFilters()) }, "Clear filters"),
    );
  }
  return h(
    "div",
    { class: "state" },
    h("strong", {}, "No sessions began in this time"),
    h("p", {}, "Choose a longer time, or begin one:"),
    h(
      "pre",
      { tabIndex: 0 },
      `curl ${location.origin}/api/sessions -H "Authorization: Bearer $METERD_TOKEN" \\\n  -d '{"product": "editor", "version": "1.4.0"}'`,
    ),
  );
}

/** What leads on to the sessions that were not looked at: the window until then, to the millisecond after. */
function onwards(older) {
  const until = new Date(Date.parse(older) + 1);
  const go = () => update({ window: windowText(currentWindow().start, until), page: "" });
  return h(
    "p",
    { class: "note" },
    `The newest 10,000 sessions of this time are looked at, those since ${atExact(older)}. `,
    h("button", { class: "small", onclick: go }, "Show older ones"),
  );
}

/** Fill a panel with a page of sessions. */
export function showList({ body, count }, { sessions, total, older }) {
  count.textContent = exact(total);
  const rest = older ? onwards(older) : null;
  if (!sessions.length && !rest) return replace(body, total ? pager(total) : nothing());
  const table = h(
    "table",
    {},
    h("thead", {}, h("tr", {}, COLUMNS.map(headCell))),
    h("tbody", {}, sessions.map(sessionRow)),
  );
  const focused =
    document.activeElement?.closest?.("th, td, nav") && body.contains(document.activeElement)
      ? [document.activeElement.tagName, document.activeElement.textContent]
      : null;
  replace(
    body,
    h("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": "Sessions" }, table),
    rest,
    total ? pager(total) : null,
  );
  if (focused) [...body.querySelectorAll(focused[0])].find((each) => each.textContent === focused[1])?.focus();
  return undefined;
}
