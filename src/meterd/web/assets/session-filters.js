/** Which sessions the page is about: filters in the address, the form that changes them, and their chips. */

import { h, icon, replace } from "./dom.js";
import { labelled } from "./flow-panel.js";
import { ask } from "./query.js";
import { labelOf, MORE_STATUSES, STATUSES } from "./session-status.js";
import { currentWindow, update } from "./state.js";

const FILTERS = ["product", "version", "status", "event", "path", "value", "when"];

export const parameter = (name) => new URLSearchParams(location.search).get(name) ?? "";
export const filtersNow = () => Object.fromEntries(FILTERS.map((name) => [name, parameter(name)]));
export const isFiltered = () => FILTERS.some((name) => name !== "when" && parameter(name));
export const withoutFilters = () => Object.fromEntries([...FILTERS, "page"].map((name) => [name, ""]));

/** Parameters of the server's own: the window of the page, and its filters. */
export function selection({ product, version, status, event, path, value, when }) {
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

const versionsOf = new Map();
const fields = {
  product: h("select", { name: "product" }),
  version: h("select", { name: "version" }),
  status: h(
    "select",
    { name: "status" },
    h("option", { value: "" }, "Any"),
    [...STATUSES, ...MORE_STATUSES].map(({ name, label }) => h("option", { value: name }, label)),
  ),
  event: h("input", { name: "event", type: "text", list: "event-names", autocomplete: "off", placeholder: "checkout" }),
  path: h("input", { name: "path", type: "text", autocomplete: "off", placeholder: "window.theme" }),
  value: h("input", { name: "value", type: "text", autocomplete: "off", placeholder: "dark" }),
  when: h(
    "select",
    { name: "when" },
    [
      ["", "now or ever"],
      ["now", "now"],
      ["array", "in an array, now"],
    ].map(([value, label]) => h("option", { value }, label)),
  ),
};
const eventNames = h("datalist", { id: "event-names" });

/** The form; it changes the address, and nothing else. */
export function filterForm() {
  const send = (event) => {
    event.preventDefault();
    update({ ...Object.fromEntries(FILTERS.map((name) => [name, fields[name].value])), page: "" });
  };
  fields.product.addEventListener("change", () => fillVersions(""));
  for (const name of ["product", "version", "status"])
    fields[name].addEventListener("change", () => form.requestSubmit());
  fields.event.addEventListener("focus", suggestEvents, { once: true });
  const form = h(
    "form",
    { class: "find", onsubmit: send, "aria-label": "Filter sessions" },
    labelled("Product", fields.product),
    labelled("Version", fields.version),
    labelled("Status", fields.status),
    labelled("Event", fields.event),
    eventNames,
    labelled("State key", fields.path),
    labelled("equals", fields.value),
    labelled("when", fields.when),
    h("button", { type: "submit", class: "primary" }, "Filter"),
  );
  fillForm([]);
  return form;
}

function options(select, values, any) {
  replace(
    select,
    h("option", { value: "" }, any),
    values.map((value) => h("option", { value }, value)),
  );
}

function fillVersions(chosen) {
  const known = fields.product.value
    ? (versionsOf.get(fields.product.value) ?? [])
    : [...new Set([...versionsOf.values()].flat())];
  options(fields.version, [...new Set([...known, chosen].filter(Boolean))].slice(0, 500), "Any");
  fields.version.value = chosen;
}

/** Offer products and versions that there are, and show the filters of the address. */
export function fillForm(found) {
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
    startTs: start.toISOString(),
    endTs: end.toISOString(),
    datasource: "sessionEvents",
    type: "distribution",
    aggregations: [{ type: "count", column: "name" }],
    groupBy: ["name"],
    orderBy: "total",
    limit: 100,
  };
  const found = await ask(body).catch(() => []);
  replace(
    eventNames,
    found.map(({ name }) => h("option", { value: name ?? "" })),
  );
}

/** Show the filters in the head of the page, each with a button that takes it away. */
export function chips() {
  const { product, version, status, event, path, value, when } = filtersNow();
  const without = (names) => {
    for (const name of names) fields[name].value = ""; // at once: the form is sent as it stands
    update({ ...Object.fromEntries(names.map((name) => [name, ""])), page: "" });
  };
  const chip = (label, text, names) =>
    text &&
    h(
      "span",
      { class: "chip" },
      h("span", { class: "text", title: `${label}: ${text}` }, h("b", {}, label), ` ${text}`),
      h(
        "button",
        {
          "aria-label": `Remove filter ${label}`,
          onclick: () => without(names),
        },
        icon("close"),
      ),
    );
  replace(
    document.getElementById("filters"),
    chip("Product", product, ["product", "version"]),
    chip("Version", version, ["version"]),
    chip("Status", status && labelOf(status), ["status"]),
    chip("Event", event, ["event"]),
    chip({ now: "State now", array: "Array in state" }[when] ?? "State ever", path && `${path} = ${value}`, [
      "path",
      "value",
      "when",
    ]),
  );
}
