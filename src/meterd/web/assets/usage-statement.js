/** A statement of a user or virtual account, month by month. */

import { download, h, replace } from "./dom.js";
import { scrolled, showTools } from "./flow-panel.js";
import { bytes, duration, exact, number } from "./format.js";
import { drawBars } from "./session-plot.js";
import { boot, state, update } from "./state.js";
import { choice, choiceOf, parameter, query } from "./usage-questions.js";

const STATEMENT = "/api/usage/statement";
const MOST_ROWS = 400;
/** What a subject is called that a statement is of. */
export const KINDS = { user: "", virtualaccount: " (virtual account)" };

/** Whose statement is shown: the subject in the address, else whose page it is. */
function subject() {
  const name = parameter("user");
  return name ? { name, type: parameter("userType", "user") } : { name: boot.me.subject, type: boot.me.subjectType };
}

const labelOf = ({ name, type }) => `${name}${KINDS[type] ?? ""}`;
const valueOf = ({ name, type }) => `${type} ${name}`;

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

const monthName = () =>
  new Intl.DateTimeFormat("en-GB", { month: "long", year: "numeric", timeZone: "UTC" }).format(
    new Date(`${month()}-01T00:00:00Z`),
  );

export const statementAddress = (format) =>
  `${STATEMENT}?${query({
    user: subject().name,
    userType: subject().type,
    from: month(),
    to: month(),
    timezone: state().zone,
    calendar: parameter("by", "#P1D"),
    format,
  })}`;

async function saveCsv(event) {
  event.preventDefault();
  const response = await fetch(statementAddress("csv"), { credentials: "same-origin" });
  if (response.ok)
    download(
      `statement-${subject().name.replace(/[^\w.@-]+/g, "_")}-${month()}.csv`,
      await response.text(),
      "text/csv",
    );
}

/** Fill the tools of the panel: month, user, calendar, and ways to keep the statement. */
export function statementTools(panel, { subjects, calendars }) {
  const own = { name: boot.me.subject, type: boot.me.subjectType };
  const choices = new Map([own, ...subjects].map((each) => [valueOf(each), labelOf(each)]));
  const isNow = month() >= new Date().toISOString().slice(0, 7);
  showTools(
    panel,
    h(
      "div",
      { class: "steps" },
      h("button", { "aria-label": "Month before", onclick: () => update({ month: otherMonth(-1) }) }, "‹"),
      h("strong", { class: "month", "aria-live": "polite" }, monthName()),
      h(
        "button",
        { "aria-label": "Month after", disabled: isNow, onclick: () => update({ month: otherMonth(1) }) },
        "›",
      ),
    ),
    choiceOf("User or virtual account", [...choices], valueOf(subject()), (value) => {
      const [type, ...name] = value.split(" ");
      update({ user: name.join(" "), userType: type });
    }),
    choice("by", "By", calendars, parameter("by", "#P1D")),
    h("a", { class: "button", href: statementAddress("csv"), onclick: saveCsv }, "Download CSV"),
    h("a", { class: "button", href: statementAddress("html"), target: "_blank", rel: "noopener" }, "Open to print"),
  );
}

const amounts = ({ requests, duration: milliseconds, bytes: size, failed }) => [
  h("td", { class: "numeric", title: exact(requests) }, number(requests)),
  h("td", { class: "numeric", title: exact(milliseconds, "ms") }, duration(milliseconds)),
  h("td", { class: "numeric", title: exact(size, "bytes") }, bytes(size)),
  h("td", { class: "numeric", title: exact(failed) }, number(failed)),
];
const heads = (...names) =>
  h(
    "thead",
    {},
    h(
      "tr",
      {},
      names.map((name) => h("th", { scope: "col" }, name)),
      ["Requests", "Duration", "Answers", "Failed"].map((name) => h("th", { scope: "col", class: "numeric" }, name)),
    ),
  );

function linesTable(lines) {
  const rows = lines
    .slice(0, MOST_ROWS)
    .map((each) =>
      h(
        "tr",
        {},
        h("td", {}, each.time.replace("T", " ").replace(/ 00:00:00$/, "")),
        h("td", {}, each.service),
        amounts(each),
      ),
    );
  return h(
    "details",
    {},
    h("summary", {}, `By time and service: ${exact(lines.length)} lines`),
    h(
      "div",
      { class: "scroll", tabIndex: 0, role: "region", "aria-label": "Lines" },
      h("table", {}, heads("Time", "Service"), h("tbody", {}, rows)),
    ),
    lines.length > MOST_ROWS
      ? h("p", { class: "note" }, `The first ${exact(MOST_ROWS)} lines: the CSV has all.`)
      : null,
  );
}

/** Fill the panel with a statement. */
export function showStatement(panel, found) {
  const { services, lines, total, calendar, timezone } = found;
  const user = labelOf({ name: found.user, type: found.userType });
  panel.description.textContent = `What the calls of ${user} come to, in the time of ${timezone}`;
  if (!lines.length) {
    return replace(
      panel.body,
      h(
        "div",
        { class: "state" },
        h("strong", {}, `No calls of ${user} in ${monthName()}`),
        h(
          "p",
          {},
          "Every call that this server answers counts for the subject of its token. Choose another month or user.",
        ),
      ),
    );
  }
  const chart = h("div", { class: "plot-box" });
  const table = h(
    "table",
    {},
    heads("Service"),
    h(
      "tbody",
      {},
      services.map((each) => h("tr", {}, h("td", {}, each.service), amounts(each))),
    ),
    h("tfoot", {}, h("tr", {}, h("th", { scope: "row" }, "Total"), amounts(total))),
  );
  replace(
    panel.body,
    chart,
    h("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": "Services" }, table),
    linesTable(lines),
  );
  const sums = new Map(
    ["#P1D", "#DAILY"].includes(calendar) ? daysOf(month()).map((day) => [`${day}T00:00:00`, 0]) : [],
  );
  for (const { time: at, requests } of lines) sums.set(at, (sums.get(at) ?? 0) + requests);
  const isDay = [...sums.keys()].every((at) => at.endsWith("T00:00:00"));
  const bars = [...sums].map(([at, value]) => ({
    name: isDay ? at.slice(8, 10) : at.slice(11, 16),
    value,
    title: `${at.replace("T", " ")}: ${exact(value)} requests`,
  }));
  drawBars(chart, { bars, write: number, label: `Requests of ${user} by ${calendar}` });
  return undefined;
}
