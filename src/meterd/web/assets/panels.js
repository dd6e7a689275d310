/** Panels: a title, one line, a menu, and a body that loads when it is in view and says what state it is in. */

import { withTotalsApart } from "./answers.js";
import { h, icon, replace } from "./dom.js";
import { popup } from "./popup.js";
import { showError } from "./failures.js";
import { fillMenu } from "./panel_menu.js";
import { isAbsent, isWithoutValues, showEmpty, showWithoutValues, unknownFilters } from "./panel_states.js";
import { canDraw, plot } from "./plot.js";
import * as number from "./number.js";
import * as top from "./top.js";
import { tableOf, totalsOf } from "./rows.js";
import { ask } from "./query.js";
import { bodyBefore, bodyOf } from "./questions.js";
import { addressWith, state, update } from "./state.js";

const CHARTS = new Set(["lines", "areas", "bars", "heatmap"]);

/** What a panel asks: bodies of the public query. */
export function questionsOf(panel) {
  if (panel.kind === "number") return number.questions(panel);
  const asked = [bodyOf(panel.query)];
  if (CHARTS.has(panel.kind) && panel.kind !== "heatmap" && state().compare) asked.push(bodyBefore(panel.query));
  return asked;
}

const inView = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) target.panel.see(isIntersecting);
  },
  { rootMargin: "120px" },
);

/** A panel of a page. `element` is put into the page; `refresh()` asks again, now or when it comes into view. */
export class Panel {
  constructor(declaration) {
    this.declaration = declaration;
    this.isInView = false;
    this.asked = "";
    this.isTable = declaration.kind === "table";
    this.body = h("div", { class: "body" });
    this.notes = h("div", { class: "note", hidden: true });
    this.element = this.#build();
    this.element.panel = this;
    inView.observe(this.element);
  }

  #build() {
    const { id, kind, width = 6, height = 2 } = this.declaration;
    const properties = {
      class: `panel kind-${kind}`,
      id: `p-${id}`,
      "aria-labelledby": `panel-${id}`,
      "aria-busy": "true",
    };
    const element = h("section", properties, h("div", { class: "progress" }), this.#heading(), this.notes, this.body);
    element.style.setProperty("--width", width);
    element.style.setProperty("--width-medium", width <= 4 ? Math.max(4, width) : 12);
    element.style.setProperty("--height", height);
    return element;
  }

  #heading() {
    const { id, title, description = "", link } = this.declaration;
    const name = link ? h("a", { href: addressWith({ panel: "" }, link) }, title) : title;
    const line = description && h("p", { class: "description", title: description }, description);
    const titles = h(
      "div",
      { class: "titles" },
      h("h2", { id: `panel-${id}`, title: description || title }, name),
      line,
    );
    const button = h(
      "button",
      { class: "plain icon-only", type: "button", "aria-label": `Menu of ${title}` },
      icon("menu"),
    );
    const menu = popup(button, (box) => fillMenu(box, this), { isMenu: true });
    const close = h("button", { class: "close", type: "button", onclick: () => update({ panel: "" }) }, "Close");
    return h("header", {}, titles, close, h("div", { class: "menu" }, menu));
  }

  /** Come into view, or go out of it. */
  see(isInView) {
    this.isInView = isInView;
    if (isInView && this.isStale) this.#load();
  }

  /** Ask, now if it is in view, else when it comes into view; what was asked is asked again only for new figures. */
  refresh({ isForNews = false } = {}) {
    if (isForNews) this.asked = "";
    this.isStale = true;
    if (this.isInView) this.#load();
  }

  async #load() {
    const bodies = questionsOf(this.declaration);
    this.isStale = false;
    const key = JSON.stringify(bodies);
    if (key === this.asked) return;
    this.asked = key;
    this.abort?.abort();
    const { signal } = (this.abort = new AbortController());
    this.element.setAttribute("aria-busy", "true");
    unknownFilters(this.notes, this.declaration);
    try {
      const answers = await Promise.all(bodies.map((body) => ask(body, { signal })));
      if (CHARTS.has(this.declaration.kind)) await canDraw;
      signal.throwIfAborted();
      this.answers = answers.map(withTotalsApart);
      this.bodies = bodies;
      this.draw();
    } catch (error) {
      if (error.name === "AbortError") return;
      this.#fail(error);
    }
    this.element.setAttribute("aria-busy", "false");
  }

  #fail(error) {
    this.asked = "";
    this.#clear();
    showError(this.body, error, () => this.refresh());
    if (!("status" in error)) throw error;
  }

  #clear() {
    this.plot?.dispose();
    this.plot = null;
    this.table = null;
    replace(this.body);
  }

  /** Draw the answers that are there. */
  draw() {
    const { declaration, answers, body } = this;
    const wasFocused = body.contains(document.activeElement) && document.activeElement.textContent;
    if (isAbsent(declaration, answers)) {
      this.#clear();
      showEmpty(body, declaration);
    } else if (this.isTable) this.#drawTable(answers[0]);
    else if (isWithoutValues(declaration, answers)) {
      this.#clear();
      showWithoutValues(body, declaration);
    } else if (declaration.kind === "number") number.draw(body, declaration, answers);
    else if (declaration.kind === "top") top.draw(body, declaration, answers);
    else {
      this.plot ??= (replace(body), plot(body, declaration));
      this.plot.draw(answers);
    }
    if (wasFocused && !body.contains(document.activeElement)) this.#focusAgain(wasFocused);
  }

  #drawTable(points) {
    if (this.table) return this.table.setRows(points, totalsOf(points, this.declaration.query.type));
    this.#clear();
    this.table = tableOf(this.declaration, points);
    return replace(this.body, this.table);
  }

  #focusAgain(text) {
    [...this.body.querySelectorAll("button, a")].find((each) => each.textContent === text)?.focus();
  }

  /** Change between the picture and the table behind it. */
  toggleTable() {
    this.isTable = !this.isTable;
    if (!this.answers) return;
    this.#clear();
    this.draw();
  }

  /** Let it fill the window, or take its place again. */
  open(isOpened) {
    this.element.classList.toggle("opened", isOpened);
    if (isOpened) this.element.querySelector(".close").focus();
  }

  dispose() {
    inView.unobserve(this.element);
    this.abort?.abort();
    this.plot?.dispose();
    this.element.remove();
  }
}

/** Put a panel into an element; returns it, ready to `refresh()`. */
export function openPanel(parent, declaration) {
  const panel = new Panel(declaration);
  parent.append(panel.element);
  panel.refresh();
  return panel;
}
