/** Events of a session as a table with search; what is in one is read when it is opened. */

import { copy, h, replace } from "./dom.js";
import { exact, number } from "./format.js";
import { stackList } from "./stack.js";
import { clockTime, exactTime } from "./time-scale.js";

const PER_PAGE = 50;
const SEVERITIES = new Set(["debug", "info", "warning", "error", "critical"]);
const searched = ({ name, group, message, category, exception_type: type }) =>
  [name, group, message, category, type].join("\n").toLowerCase();

export const severity = (category) =>
  h("span", { class: `severity ${SEVERITIES.has(category) ? category : "other"}` }, category || "–");

/** What an event says: message, source, stack, labels, data. */
export function eventDetails(event) {
  const facts = [
    ["Time", event.timestamp],
    ["Group", event.group],
    ["Labels", (event.labels ?? []).join(", ")],
    [
      "Source",
      event.source_file &&
        `${event.source_file}${event.source_line ? `:${event.source_line}` : ""}${event.source_function ? ` in ${event.source_function}` : ""}`,
    ],
  ].filter(([, value]) => value);
  const hasData = event.data && (typeof event.data === "string" || Object.keys(event.data).length);
  const data = hasData ? (typeof event.data === "string" ? event.data : JSON.stringify(event.data, null, 2)) : "";
  return h(
    "div",
    { class: "details" },
    event.exception_type
      ? h(
          "p",
          { class: "thrown" },
          h("strong", {}, event.exception_type),
          event.exception_msg ? `: ${event.exception_msg}` : "",
        )
      : null,
    event.message ? h("p", { class: "said" }, event.message) : null,
    h(
      "dl",
      { class: "facts" },
      facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))),
    ),
    event.stacktrace?.length
      ? h(
          "section",
          { "aria-label": "Stack" },
          h(
            "div",
            { class: "bar" },
            h("h3", {}, "Stack"),
            h("button", { class: "small", onclick: () => copy(event.stacktrace.join("\n"), "Stack") }, "Copy"),
          ),
          stackList(event.stacktrace),
        )
      : null,
    data
      ? h(
          "section",
          { "aria-label": "Data" },
          h(
            "div",
            { class: "bar" },
            h("h3", {}, "Data"),
            h("button", { class: "small", onclick: () => copy(data, "Data") }, "Copy"),
          ),
          h("pre", { tabIndex: 0 }, data),
        )
      : null,
  );
}

/** A table of events: `show({data, range, zone})`; with `exceptions` only those. */
export class EventTable {
  constructor({ exceptions = false } = {}) {
    this.exceptions = exceptions;
    this.opened = new Set();
    this.page = 0;
    const again = () => {
      this.page = 0;
      this.render();
    };
    this.search = h("input", {
      type: "search",
      placeholder: "Search name, group, message",
      "aria-label": exceptions ? "Search exceptions" : "Search events",
      oninput: again,
    });
    this.category = h("select", { "aria-label": "Category", onchange: again });
    this.element = h("div", { class: "body" });
    this.rows = h("div", {});
    replace(this.element, h("div", { class: "find-row" }, this.search, exceptions ? null : this.category), this.rows);
  }

  show(shown) {
    this.shown = shown;
    this.render();
  }

  /** Open an event, on the page of the table where it is. */
  open(event) {
    this.search.value = "";
    this.category.value = "";
    this.opened.add(event);
    const place = this.found().indexOf(event);
    this.page = Math.max(0, Math.floor(place / PER_PAGE));
    this.render();
    const row = this.rows.querySelector(`[data-place="${place}"]`);
    row?.scrollIntoView({ block: "center" });
    row?.querySelector("button")?.focus({ preventScroll: true });
  }

  found() {
    const { data, range } = this.shown;
    const words = this.search.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    return data.events.filter(
      (each) =>
        each.at >= range.start &&
        each.at <= range.end &&
        (!this.exceptions || each.exception_type) &&
        (!this.category.value || each.category === this.category.value) &&
        (!words.length || words.every((word) => searched(each).includes(word))),
    );
  }

  fillCategories() {
    const chosen = this.category.value;
    const counts = new Map();
    for (const { category } of this.shown.data.events) counts.set(category, (counts.get(category) ?? 0) + 1);
    const key = JSON.stringify([...counts]);
    if (key === this.counted) return;
    this.counted = key;
    replace(
      this.category,
      h("option", { value: "" }, "All categories"),
      [...counts]
        .slice(0, 100)
        .map(([each, count]) => h("option", { value: each ?? "" }, `${each ?? "none"} (${number(count)})`)),
    );
    this.category.value = chosen;
  }

  render() {
    if (!this.exceptions) this.fillCategories();
    const found = this.found();
    const pages = Math.max(1, Math.ceil(found.length / PER_PAGE));
    this.page = Math.min(this.page, pages - 1);
    const first = this.page * PER_PAGE;
    const focused = this.rows.contains(document.activeElement)
      ? document.activeElement.closest("[data-place]")?.dataset.place
      : null;
    if (!found.length) return replace(this.rows, h("p", { class: "muted" }, this.nothing()));
    const heads = this.exceptions
      ? ["Time", "Exception", "Message"]
      : ["Time", "Category", "Event", "Group", "Message"];
    const rows = found
      .slice(first, first + PER_PAGE)
      .flatMap((each, number) => this.row(each, first + number, heads.length));
    replace(
      this.rows,
      h(
        "div",
        { class: "scroll", tabIndex: 0, role: "region", "aria-label": this.exceptions ? "Exceptions" : "Events" },
        h(
          "table",
          { class: "events" },
          h(
            "thead",
            {},
            h(
              "tr",
              {},
              heads.map((each) => h("th", { scope: "col" }, each)),
            ),
          ),
          h("tbody", {}, rows),
        ),
      ),
      pages > 1 ? this.pager(found.length, first, pages) : null,
    );
    if (focused) this.rows.querySelector(`[data-place="${focused}"] button`)?.focus({ preventScroll: true });
    return undefined;
  }

  nothing() {
    const what = this.exceptions ? "exceptions" : "events";
    if (this.search.value || this.category.value) return `No ${what} fit the search.`;
    return `No ${what} in the time that is shown.`;
  }

  pager(total, first, pages) {
    const go = (to) => () => {
      this.page = to;
      this.render();
    };
    return h(
      "nav",
      { class: "pages", "aria-label": "Pages of events" },
      h("span", {}, `${exact(first + 1)} to ${exact(Math.min(first + PER_PAGE, total))} of ${exact(total)}`),
      h("button", { disabled: this.page <= 0, onclick: go(this.page - 1) }, "Previous"),
      h("button", { disabled: this.page >= pages - 1, onclick: go(this.page + 1) }, "Next"),
    );
  }

  row(event, place, columns) {
    const { zone } = this.shown;
    const isOpen = this.opened.has(event);
    const toggle = () => {
      if (isOpen) this.opened.delete(event);
      else this.opened.add(event);
      this.render();
    };
    const title = this.exceptions ? event.exception_type : event.name || "without a name";
    const opener = h(
      "button",
      { class: "value", "aria-expanded": String(isOpen), title, onclick: toggle },
      h("span", { class: "arrow", "aria-hidden": "true" }),
      title,
    );
    const cut = (text) => h("td", { class: "text" }, h("span", { class: "name", title: text }, text ?? ""));
    const cells = this.exceptions
      ? [h("td", {}, opener), cut(event.message || event.name)]
      : [h("td", {}, severity(event.category)), h("td", {}, opener), cut(event.group), cut(event.message)];
    const row = h(
      "tr",
      { dataset: { place }, class: event.exception_type ? "has-exception" : null },
      h("td", { title: exactTime(event.at, zone) }, clockTime(event.at, zone)),
      cells,
    );
    return isOpen ? [row, h("tr", { class: "opened-row" }, h("td", { colspan: columns }, this.details(event)))] : [row];
  }

  details(event) {
    const place = h("div", { class: "details" }, h("p", { class: "muted" }, "Loading…"));
    this.shown.data.body("events", event).then(
      (whole) => place.replaceWith(eventDetails(whole)),
      (error) => replace(place, h("p", { class: "state error", role: "alert" }, error.message)),
    );
    return place;
  }
}
