/** What a panel says when it has no picture: why it is empty and what would fill it, what failed, what it may not. */

import { copy, h, replace } from "./dom.js";
import { time } from "./format.js";
import { FACTS, firstFact, isOfKind, whence } from "./questions.js";
import { boot, currentWindow, splitFilters, state, update } from "./state.js";

const DRAWN = new Set(["lines", "areas", "bars"]);

/** Tell whether answers have nothing to draw. */
export function isAbsent({ kind }, answers) {
  if (kind === "number") return false;
  const [points] = answers;
  return points.length === 0 || points.every((point) => point.total === 0);
}

/** Tell whether facts are there, and none of them has what a panel draws of them. */
export function isWithoutValues({ kind, value, series }, [points, before]) {
  const drawn = series?.length ? series : [value ?? "total"];
  if (before || !DRAWN.has(kind) || !drawn.every((key) => typeof key === "string")) return false;
  return points.every((point) => drawn.every((key) => (point[key] ?? null) === null));
}

/** Say that the facts of a panel lack what it draws. */
export function showWithoutValues(body, { query, description, title }) {
  const facts = FACTS[query.datasource] ?? "facts";
  const text = `There are ${facts}, but none says what this panel shows: ${description || title}.`;
  replace(
    body,
    h("div", { class: "state empty" }, h("strong", {}, "No values here"), h("p", { class: "small" }, text)),
  );
}

/** Name the filters that a panel's datasource does not know. */
export function unknownFilters(element, { query }) {
  const { unknown } = splitFilters(query.datasource);
  const labels = new Map(boot.dashboard?.filters?.map(({ field, label }) => [field, label]));
  const names = [...new Set(unknown)].map((field) => labels.get(field) ?? field).join(", ");
  element.hidden = !names;
  element.textContent =
    names && `Not filtered by ${names}, which ${FACTS[query.datasource] ?? "these facts"} do not have`;
  element.title = element.textContent;
}

/** Show a command, with a button that copies it. */
export function showCommand(title, text) {
  const close = h("button", { type: "button", onclick: () => dialog.close() }, "Close");
  const dialog = h(
    "dialog",
    { "aria-label": title, onclose: () => dialog.remove() },
    h("h2", {}, title),
    h("p", { class: "muted" }, "METERD_TOKEN is a token with the scope ingest."),
    h("pre", { tabindex: "0" }, text),
    h(
      "div",
      { class: "row" },
      h("button", { class: "primary", type: "button", onclick: () => copy(text, "Command") }, "Copy"),
      close,
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
}

/** Say why a panel is empty, and what would fill it. */
export function showEmpty(body, { query }) {
  const { start, end } = currentWindow();
  const { zone, filters } = state();
  const facts = FACTS[query.datasource] ?? "facts";
  const known = splitFilters(query.datasource).filters.length > 0;
  const why = known ? "has what the filters ask for" : "was recorded that you may see";
  const kind = isOfKind(query) ? " of this kind" : "";
  const command = firstFact(query);
  const clear = h(
    "button",
    { type: "button", onclick: () => update({ filters: [] }) },
    filters.length > 1 ? "Remove all filters" : "Remove the filter",
  );
  const show = h(
    "button",
    { type: "button", onclick: () => showCommand(`Send the first of the ${facts}`, command) },
    "Send the first one",
  );
  replace(
    body,
    h(
      "div",
      { class: "state empty" },
      h("strong", {}, `No ${facts}${kind} ${known ? "match" : "here"}`),
      h(
        "p",
        { class: "small" },
        `Between ${time(start, { zone })} and ${time(end, { zone })}, ${zone}, none${kind} ${why}.`,
        known || command ? null : ` ${whence(query)}`,
      ),
      h("div", { class: "row" }, known ? clear : command && show),
    ),
  );
}
