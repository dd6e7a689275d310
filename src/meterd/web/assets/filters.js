/** The page's filters: chips that can be removed, and a box that adds one, with values that there are in the window. */

import { h, icon, replace } from "./dom.js";
import { number } from "./format.js";
import { closePopup, popup } from "./popup.js";
import { answerKey, ask } from "./query.js";
import { bodyOf } from "./questions.js";
import { addFilter, boot, filtersFor, onChange, operatorFor, state, update } from "./state.js";

const MOST_VALUES = 20;
const PAUSE = 200;
const SIGNS = {
  IN: "is",
  ARRAY_HAS_ANY: "is",
  EQUAL: "is",
  NOT_IN: "is not",
  ARRAY_HAS_NONE: "is not",
  NOT_EQUAL: "is not",
  STRING_CONTAINS: "contains",
  STRING_NOT_CONTAINS: "lacks",
  STRING_STARTS_WITH: "starts with",
  STRING_ENDS_WITH: "ends with",
  STRING_NOT_STARTS_WITH: "does not start with",
  STRING_NOT_ENDS_WITH: "does not end with",
  IS_NULL: "is absent:",
  GREATER_THAN: ">",
  LESS_THAN: "<",
  GREATER_THAN_EQUAL: "≥",
  LESS_THAN_EQUAL: "≤",
  BETWEEN: "between",
};

function chip(filter, labels) {
  const name = labels.get(filter.field) ?? filter.field;
  const text = `${name} ${SIGNS[filter.operator] ?? filter.operator} ${filter.values.join(", ")}`;
  const remove = () => {
    const { filters } = state();
    update({ filters: filters.filter((each) => each !== filter) });
  };
  return h(
    "span",
    { class: "chip", title: text },
    h(
      "span",
      { class: "text" },
      h("b", {}, name),
      ` ${SIGNS[filter.operator] ?? filter.operator} ${filter.values.join(", ")}`,
    ),
    h("button", { type: "button", "aria-label": `Remove the filter ${text}`, onclick: remove }, icon("close")),
  );
}

/** Ask for the values of a field, largest first, that contain a text. */
function valuesOf(field, datasource, text, signal) {
  const operators = boot.datasources?.[datasource]?.[field] ?? [];
  const contains =
    text && operators.includes("STRING_CONTAINS")
      ? [{ fieldName: field, operator: "STRING_CONTAINS", value: text }]
      : [];
  const filters = filtersFor(datasource).filter(({ fieldName }) => fieldName !== field);
  const query = {
    datasource,
    type: "distribution",
    startTs: "$start",
    endTs: "$end",
    aggregations: [],
    groupBy: [field],
    filters: [...filters, ...contains],
    orderBy: "total",
    limit: MOST_VALUES,
  };
  return ask(bodyOf(query), { signal });
}

/** Let a person choose a value of a field. */
function fillValues(box, { field, label }, datasource) {
  let abort = null;
  let pause = null;
  const search = h("input", {
    type: "search",
    placeholder: `${label} …`,
    "aria-label": `Find a value of ${label}`,
    autocomplete: "off",
  });
  const list = h(
    "div",
    { role: "group", "aria-label": "Values", "aria-live": "polite" },
    h("p", { class: "note" }, "Looking for values …"),
  );
  const choose = (value) => {
    closePopup({ focus: true });
    addFilter(field, value);
  };
  async function look() {
    abort?.abort();
    abort = new AbortController();
    try {
      const points = await valuesOf(field, datasource, search.value.trim(), abort.signal);
      const rows = points.filter((point) => !point.other && point[answerKey(field)] !== null);
      const items = rows.map((point) => {
        const value = String(point[answerKey(field)]);
        return h(
          "button",
          { type: "button", title: value, onclick: () => choose(value) },
          h("span", {}, value),
          h("span", { class: "muted" }, number(point.total)),
        );
      });
      replace(
        list,
        items.length ? items : h("p", { class: "note" }, "No such value in this window. Enter takes what is typed."),
      );
    } catch (error) {
      if (error.name !== "AbortError") replace(list, h("p", { class: "note problem" }, error.message));
    }
  }
  search.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(look, PAUSE);
  });
  const take = (event) => {
    event.preventDefault();
    if (search.value.trim()) choose(search.value.trim());
  };
  replace(box, h("form", { onsubmit: take }, search), list);
  search.focus();
  look();
}

/** The first datasource of a page that takes a filter of a field. */
function sourceFor(field, datasources) {
  const takes = (name) => boot.datasources?.[name]?.[field]?.includes(operatorFor(field)) ?? true;
  return datasources.find(takes) ?? datasources[0];
}

/**
 * Fill the place of filters; `fields` are `{field, label}`, `datasources` those of the page's panels. Returns a function
 * that offers others.
 */
export function mountFilters(fields, datasources, parent = document.getElementById("filters")) {
  const offered = { fields, datasources };
  const labels = () => new Map(offered.fields.map(({ field, label }) => [field, label]));
  const button = h("button", { class: "add", id: "add-filter", type: "button" }, icon("plus"), "Filter");
  const fill = (box) =>
    box.append(
      ...offered.fields.map((each) =>
        h(
          "button",
          { type: "button", onclick: () => fillValues(box, each, sourceFor(each.field, offered.datasources)) },
          each.label,
        ),
      ),
    );
  const adder = popup(button, fill, { isLeft: true });
  const chips = h("div", { class: "row", role: "group", "aria-label": "Filters" });
  const clear = h("button", { class: "plain", type: "button", onclick: () => update({ filters: [] }) }, "Remove all");
  function show() {
    const { filters } = state();
    replace(
      chips,
      filters.map((each) => chip(each, labels())),
    );
    adder.hidden = !offered.fields.length;
    chips.hidden = !filters.length;
    clear.hidden = filters.length < 2;
  }
  replace(parent, chips, adder, clear);
  show();
  onChange(({ reason }) => {
    if (reason !== "refresh") show();
  });
  return (...others) => {
    [offered.fields, offered.datasources] = others;
    show();
  };
}
