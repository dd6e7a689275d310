/** The form of Explore: what is asked, chosen field by field, from what the datasource can be asked. */

import { h, icon } from "./dom.js";
import { labelOf } from "./answers.js";
import { suggestions } from "./explore_values.js";
import { isOverTime, KINDS, keysOf } from "./explore_question.js";

const INTERVALS = [
  ["$interval", "Suits the window"], ["1 minute", "1 minute"], ["5 minute", "5 minutes"], ["1 hour", "1 hour"],
  ["1 day", "1 day"], ["1 week", "1 week"], ["1 month", "1 month"],
];
const LIMITS = [5, 8, 10, 20, 50, 100];
const LISTS = /^(NOT_)?IN$|^ARRAY_|^BETWEEN$/;
const NUMBERS = /^(BETWEEN|GREATER|LESS)/;

function select(label, options, chosen, onChoose) {
  const known = options.some(([value]) => value === chosen);
  const all = known || chosen === undefined ? options : [[chosen, String(chosen)], ...options];
  const element = h("select", { "aria-label": label, onchange: () => onChoose(element.value) },
    all.map(([value, text]) => h("option", { value, selected: value === chosen }, text)));
  return element;
}

/** A part of the form, with a place for what is wrong with it. */
function part(name, label, ...children) {
  return h("fieldset", { class: "part", dataset: { part: name } },
    h("legend", {}, label), h("div", { class: "row" }, children), h("p", { class: "problem", role: "alert", hidden: true }));
}

const remover = (what, onclick) =>
  h("button", { class: "plain icon-only", type: "button", "aria-label": `Remove ${what}`, onclick }, icon("close"));

const adder = (what, onclick) => h("button", { class: "add", type: "button", onclick }, icon("plus"), what);

const without = (list, place) => list.filter((_, each) => each !== place);
const replaced = (list, place, value) => list.map((each, at) => (at === place ? value : each));

/** The form of a question; `change(question)` is called with each other one. */
export class Form {
  constructor(catalogue, question, change) {
    this.catalogue = catalogue;
    this.question = question;
    this.source = catalogue.find(({ name }) => name === question.query.datasource) ?? catalogue[0];
    this.change = (changes) => change({ ...question, ...changes });
    this.changeQuery = (changes) => this.change({ query: { ...question.query, ...changes } });
    const parts = [
      this.#datasource(), this.#picture(), this.#aggregations(), this.#groups(), this.#order(), this.#filters(),
    ];
    this.element = h("form", { class: "explore", "aria-label": "Question", onsubmit: (event) => event.preventDefault() }, parts);
  }

  #datasource() {
    const { name, description } = this.source;
    const options = this.catalogue.map((each) => [each.name, each.name]);
    const choose = (datasource) =>
      this.change({ title: "Answer", value: "total", series: [], unit: undefined, query: { datasource, filters: ["$filters"] } });
    return part("datasource", "Datasource", select("Datasource", options, name, choose),
      h("p", { class: "muted small" }, description));
  }

  #picture() {
    const { kind, query, value } = this.question;
    const choose = (chosen) => this.change(this.#as(chosen));
    const keys = keysOf(query).map((key) => [key, labelOf(key)]);
    const shown = typeof value === "string" && keys.length > 1
      ? select("Shown value", keys, value, (key) => this.change({ value: key, unit: undefined, series: [] })) : null;
    const interval = isOverTime(this.question)
      ? select("Interval", INTERVALS, query.interval, (chosen) => this.changeQuery({ interval: chosen })) : null;
    return part("picture", "Picture", select("Picture", KINDS, kind, choose), shown, interval);
  }

  /** The question in another picture; a heat map counts values of a measure, in bins. */
  #as(kind) {
    const { query } = this.question;
    const isOther = kind === "heatmap" || this.question.kind === "heatmap";
    if (!isOther) return { kind };
    const measure = this.source.fields.find(({ aggregations }) => aggregations.includes("histogram"));
    const aggregations = kind === "heatmap" && measure ? [{ type: "histogram", column: measure.name, buckets: 24 }] : [];
    return { kind, value: undefined, unit: undefined, series: [], query: { ...query, aggregations, groupBy: [] } };
  }

  #types(column) {
    const field = this.source.fields.find(({ name }) => name === column);
    const isFitting = (type) => (type === "histogram") === (this.question.kind === "heatmap") &&
      (isOverTime(this.question) || !type.startsWith("rate"));
    return (field?.aggregations ?? []).filter(isFitting);
  }

  #aggregations() {
    const { aggregations } = this.question.query;
    const columns = this.source.fields.filter(({ name }) => this.#types(name).length).map(({ name }) => name);
    const put = (all) => this.changeQuery({ aggregations: all });
    const first = (column) => {
      const [type] = ["sum", ...this.#types(column)].filter((each) => this.#types(column).includes(each));
      return type === "histogram" ? { type, column, buckets: 24 } : { type, column };
    };
    const rows = aggregations.map((each, place) => h("span", { class: "choice" },
      select("Type", this.#types(each.column).map((type) => [type, type]), each.type,
        (type) => put(replaced(aggregations, place, { ...each, type }))),
      select("Column", columns.map((name) => [name, name]), each.column,
        (column) => put(replaced(aggregations, place, { ...first(column), ...(this.#types(column).includes(each.type) && { type: each.type }) }))),
      remover(`${each.type} of ${each.column}`, () => put(without(aggregations, place)))));
    const measure = this.source.fields.find(({ aggregations: types }) => types.includes("sum"))?.name ?? columns[0];
    return part("aggregations", "Aggregations", rows,
      columns.length > 0 && adder("Aggregation", () => put([...aggregations, first(measure)])));
  }

  #groups() {
    const { groupBy } = this.question.query;
    const left = this.source.fields.filter(({ name, group }) => group && !groupBy.includes(name));
    const put = (all) => this.changeQuery({ groupBy: all, ...this.#ordered(all) });
    const rows = groupBy.map((field, place) => h("span", { class: "choice" }, h("span", {}, field),
      remover(`the group ${field}`, () => put(without(groupBy, place)))));
    const options = [["", "Add a group"], ...left.map(({ name }) => [name, name])];
    const label = h("input", { placeholder: "metadata.<key>", "aria-label": "Group by a key of metadata", size: "14",
      onchange: () => label.value.startsWith("metadata.") && put([...groupBy, label.value]) });
    return part("groupBy", "Groups", rows,
      select("Add a group", options, "", (field) => field && put([...groupBy, field])), label);
  }

  /** Groups are the largest, and the rest as one, unless somebody chose otherwise. */
  #ordered(groups) {
    const { orderBy, groupBy } = this.question.query;
    if (orderBy || groupBy.length || !groups.length || this.question.kind === "table") return {};
    return { orderBy: typeof this.question.value === "string" ? this.question.value : "total", limit: 10, other: true };
  }

  #order() {
    const { orderBy, order, limit, other, groupBy } = this.question.query;
    if (!groupBy.length) return null;
    const keys = [["", "As they come"], ...[...keysOf(this.question.query), ...groupBy].map((key) => [key, labelOf(key)])];
    const choose = (key) => this.changeQuery(key ? { orderBy: key, limit: limit ?? 10 } : { orderBy: undefined });
    const more = orderBy && [
      select("Direction", [["desc", "largest first"], ["asc", "smallest first"]], order ?? "desc",
        (chosen) => this.changeQuery({ order: chosen })),
      select("Limit", LIMITS.map((each) => [String(each), `${each} groups`]), limit === undefined ? undefined : String(limit),
        (chosen) => this.changeQuery({ limit: Number(chosen) })),
      this.#rest(other),
    ];
    return part("order", "Order", select("Order by", keys, orderBy ?? "", choose), more);
  }

  #rest(other) {
    const box = h("input", { type: "checkbox", checked: Boolean(other),
      onchange: () => this.changeQuery({ other: box.checked || undefined }) });
    return h("label", { class: "choice" }, box, "the rest as one");
  }

  #filters() {
    const { filters } = this.question.query;
    const own = filters.filter((each) => each !== "$filters");
    const put = (all) => this.changeQuery({ filters: [...(filters.includes("$filters") ? ["$filters"] : []), ...all] });
    const fields = this.source.fields.filter(({ operators }) => operators.length);
    const fresh = (field) => {
      const operator = ["IN", "ARRAY_HAS_ANY"].find((each) => field.operators.includes(each)) ?? field.operators[0];
      return { fieldName: field.name, operator, value: LISTS.test(operator) ? [] : "" };
    };
    const rows = own.map((each, place) => this.#filter(each, fields, (changed) => put(replaced(own, place, changed)),
      () => put(without(own, place)), fresh));
    return part("filters", "Filters", rows, adder("Condition", () => put([...own, fresh(fields[0])])));
  }

  #filter(filter, fields, put, remove, fresh) {
    const name = filter.fieldName ?? `metadata.${filter.metadataKey}`;
    const field = fields.find((each) => each.name === name);
    const operators = (field?.operators ?? [filter.operator]).map((each) => [each, each.replaceAll("_", " ").toLowerCase()]);
    const text = [filter.value].flat().join(", ");
    const read = () => put({ ...filter, value: valueOf(input.value, filter.operator, field?.kind) });
    const input = h("input", { "aria-label": `Value of ${name}`, value: text, placeholder: LISTS.test(filter.operator) ? "a, b" : "value", onchange: read });
    return h("span", { class: "choice" },
      select("Field", fields.map((each) => [each.name, each.name]), name,
        (chosen) => put(fresh(fields.find((each) => each.name === chosen)))),
      select("Operator", operators, filter.operator,
        (operator) => put({ ...filter, operator, value: valueOf(text, operator, field?.kind) })),
      input, field?.group && suggestions(input, this.question.query.datasource, name),
      remover(`the condition on ${name}`, remove));
  }

  /** Say what is wrong beside the part that it is about; tell whether there is one. */
  say(problem) {
    const about = problem && this.element.querySelector(`[data-part="${problem.part}"] .problem`);
    for (const each of this.element.querySelectorAll(".problem")) {
      each.hidden = each !== about;
      each.textContent = each === about ? problem.message : "";
    }
    return Boolean(about);
  }
}

function valueOf(text, operator, kind) {
  if (operator === "IS_NULL") return text !== "false";
  const plain = (each) => {
    if (kind === "boolean" && /^(true|false)$/.test(each)) return each === "true";
    const isNumber = (NUMBERS.test(operator) || kind === "integer") && each !== "" && Number.isFinite(Number(each));
    return isNumber ? Number(each) : each;
  };
  return LISTS.test(operator) ? text.split(",").map((each) => each.trim()).filter(Boolean).map(plain) : plain(text.trim());
}
