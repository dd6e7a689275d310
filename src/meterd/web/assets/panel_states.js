/** What a panel says when it has no picture: why it is empty and what would fill it, what failed, what it may not. */

import { copy, h, replace } from "./dom.js";
import { time } from "./format.js";
import { FACTS, firstFact } from "./questions.js";
import { boot, currentWindow, splitFilters, state, update } from "./state.js";

/** Tell whether answers have nothing to draw. */
export function isAbsent({ kind }, answers) {
  if (kind === "number") return false;
  const [points] = answers;
  return points.length === 0 || points.every((point) => point.total === 0);
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
  const command = firstFact(query.datasource);
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
      h("strong", {}, `No ${facts} ${known ? "match" : "here"}`),
      h("p", { class: "small" }, `Between ${time(start, { zone })} and ${time(end, { zone })}, ${zone}, none ${why}.`),
      h("div", { class: "row" }, known ? clear : command && show),
    ),
  );
}

const CAUSES = {
  0: ["The server can't be reached", "Look whether it runs; the panel asks again with the next refresh."],
  403: ["No permission", "Your token lacks the scope query. Whoever runs this server can make one that has it."],
  503: ["The server is busy", "It takes no more questions at the moment."],
  504: ["The question took too long", "Choose a shorter window, or add a filter."],
};

/** Say what happened, and what to change. */
export function showError(body, error, again) {
  const [title, advice] =
    CAUSES[error.status] ?? (error.status ? ["The question was refused", ""] : ["The panel can't be drawn", ""]);
  const said = error.status ? `${error.message.replace(/\.?$/, ".")}` : error.status === 0 ? "" : error.message;
  replace(
    body,
    h(
      "div",
      { class: `state ${error.status === 403 ? "forbidden" : "error"}`, role: "alert" },
      h("strong", {}, title),
      h("p", { class: "small" }, [said, advice].filter(Boolean).join(" ")),
      error.status === 403
        ? null
        : h("div", { class: "row" }, h("button", { type: "button", onclick: again }, "Ask again")),
    ),
  );
}
