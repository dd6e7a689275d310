/** Explore: any question to any datasource, as a picture and a table; the address holds all of it. */

import { mountControls } from "./controls.js";
import { copy, download, h, notify, replace } from "./dom.js";
import { Form } from "./explore_form.js";
import { ask, readQuestion } from "./explore_question.js";
import { saver } from "./explore_saving.js";
import { mountFilters } from "./filters.js";
import { Panel } from "./panels.js";
import { showError } from "./failures.js";
import { ask as askServer, askJson } from "./query.js";
import { asCsv, asCurl, asPython, bodyOf } from "./questions.js";
import { tableOf } from "./rows.js";
import { onChange } from "./state.js";

const main = document.getElementById("page");
const formPlace = h("div", {});
const picture = h("div", { class: "grid" });
const rows = h("section", { class: "panel answer-table", "aria-label": "Answer as a table" });

/** What a sentence of the server is about. */
const ABOUT = [
  [/groupBy|group by/i, "groupBy"], [/aggregation|column|buckets|histogram/i, "aggregations"],
  [/orderBy|\blimit\b|\bother\b/, "order"], [/interval|buckets? of/i, "picture"], [/datasource/i, "datasource"],
  [/filter|operator|value/i, "filters"],
];

const problemOf = ({ status, message }) =>
  status === 400 ? { part: ABOUT.find(([pattern]) => pattern.test(message))?.[1], message } : null;

/** Fields that chips filter by, with values that are suggested. */
const filterable = ({ fields }) =>
  fields.filter(({ group, operators }) => group && operators.length).map(({ name }) => ({ field: name, label: name }));

/** Explore as it is: its form, its panel, and the rows that were answered. */
class Explore {
  constructor(catalogue, offer) {
    this.catalogue = catalogue;
    this.offer = offer;
    this.text = "";
    replace(main, formPlace, this.#tools(), picture, rows);
  }

  #tools() {
    const body = () => bodyOf(this.question.query);
    const button = (label, onclick) => h("button", { type: "button", onclick }, label);
    return h("div", { class: "row tools" },
      saver(() => this.question, notify),
      button("Copy as curl", () => copy(asCurl(body()), "Command")),
      button("Copy as Python", () => copy(asPython(body()), "Program")),
      button("Download CSV", () => this.points && download("meterd-explore.csv", asCsv(this.points), "text/csv")));
  }

  /** Show the question in the address; the form is made again only when the question is another one. */
  show() {
    const question = readQuestion();
    const text = JSON.stringify(question);
    if (text !== this.text) this.#take(question, text);
    else this.panel.refresh();
    this.#answer();
  }

  #take(question, text) {
    const focused = document.activeElement?.getAttribute?.("aria-label");
    const isInside = formPlace.contains(document.activeElement);
    this.text = text;
    this.question = question;
    this.form = new Form(this.catalogue, question, ask);
    replace(formPlace, this.form.element);
    this.offer(this.form.source);
    if (isInside && focused) formPlace.querySelector(`[aria-label="${CSS.escape(focused)}"]`)?.focus();
    this.panel?.dispose();
    this.panel = new Panel(question);
    replace(picture, this.panel.element);
    this.panel.refresh();
  }

  async #answer() {
    const { question } = this;
    this.abort?.abort();
    const { signal } = (this.abort = new AbortController());
    try {
      this.points = await askServer(bodyOf(question.query), { signal });
      this.form.say(null);
      replace(rows, this.points.length && question.kind !== "table" ? tableOf(question, this.points) : null);
      rows.hidden = !rows.childElementCount;
    } catch (error) {
      if (error.name === "AbortError") return;
      this.points = null;
      rows.hidden = true;
      this.form.say(problemOf(error));
    }
  }
}

async function start() {
  mountControls();
  try {
    const { datasources } = await askJson("/api/datasources");
    const offer = mountFilters([], []);
    const explore = new Explore(datasources, (source) => offer(filterable(source), [source.name]));
    onChange(() => explore.show());
    explore.show();
  } catch (error) {
    if (!("status" in error)) throw error;
    showError(main, error, () => location.reload());
  }
}

start();
