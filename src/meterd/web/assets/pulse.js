/** Above the panels of the Overview: sessions by what they are and, for administrators, what this server takes. */

import { h, replace } from "./dom.js";
import { bytes, exact, number, rate } from "./format.js";
import { askJson } from "./query.js";
import { badge, labelOf, STATUSES } from "./session-status.js";
import { addressWith, boot, currentWindow, onChange } from "./state.js";

const SOON = 5000;
const TAKEN = "meterd_ingest_facts";

function countOf(products, { name, title }) {
  const count = products.reduce((sum, each) => sum + each[name], 0);
  const label = `${exact(count)} sessions: ${labelOf(name).toLowerCase()}`;
  const href = addressWith({ panel: "", filters: [], compare: "", status: name }, "/sessions");
  return h("a", { href, title, "aria-label": label }, badge(name), h("strong", {}, number(count)));
}

async function sessions(signal) {
  const { start, end } = currentWindow();
  const asked = new URLSearchParams({ from: start.toISOString(), to: end.toISOString() });
  const { products } = await askJson(`/api/data/sessions/products?${asked}`, { signal });
  if (!products.length) return null;
  return [h("h2", {}, "Sessions"), STATUSES.map((each) => countOf(products, each))];
}

const figure = (answer, name) => answer.metrics[name]?.figures.reduce((sum, { value }) => sum + value, 0) ?? 0;

/** How many facts were taken a second between two looks; null before the second. */
function growth(before, now) {
  const passed = now.uptimeSeconds - (before?.uptimeSeconds ?? now.uptimeSeconds);
  return passed > 0 ? Math.max(0, figure(now, TAKEN) - figure(before, TAKEN)) / passed : null;
}

function taken(before, now) {
  const entry = (label, value, title) => h("a", { href: "/system", title }, label, h("strong", {}, value));
  const waiting = figure(now, "meterd_loader_backlog_bytes");
  return [
    h("h2", {}, "Ingest"),
    entry("Facts taken", rate(growth(before, now)), `${exact(figure(now, TAKEN))} since the start`),
    entry("Not yet stored", bytes(waiting), `${exact(figure(now, "meterd_loader_lag_entries"))} entries of the journal`),
  ];
}

/** One row, which asks when the page does. What it may not ask, or can't, it leaves out. */
class Pulse {
  constructor() {
    this.sessions = h("div", { class: "row", role: "group", "aria-label": "Sessions" });
    this.ingest = h("div", { class: "row", role: "group", "aria-label": "Ingest" });
    this.element = h("div", { class: "pulse", hidden: true }, this.sessions, this.ingest);
  }

  async #fill(place, asked) {
    const content = await asked.catch(() => null);
    replace(place, content);
    place.hidden = !content;
    this.element.hidden = this.sessions.hidden && this.ingest.hidden;
  }

  async #look() {
    const now = await askJson("/api/system");
    const content = taken(this.before, now);
    this.before = now;
    return content;
  }

  /** Ask again; the first time once more soon, as only two looks tell a rate. */
  async refresh() {
    this.abort?.abort();
    this.abort = new AbortController();
    const first = !this.before;
    const asked = [this.#fill(this.sessions, sessions(this.abort.signal))];
    if (boot.me.tenantAdmin) asked.push(this.#fill(this.ingest, this.#look()));
    else this.ingest.hidden = true;
    await Promise.all(asked);
    if (first && this.before) setTimeout(() => document.hidden || this.#fill(this.ingest, this.#look()), SOON);
  }
}

/** Put the row above the panels of a page. */
export function mountPulse(parent = document.getElementById("page")) {
  const pulse = new Pulse();
  parent.querySelector(".grid").before(pulse.element);
  onChange(({ reason }) => reason === "panel" || pulse.refresh());
  pulse.refresh();
}
