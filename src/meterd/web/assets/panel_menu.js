/** What can be done with a panel. */

import { copy, download, h } from "./dom.js";
import { menuItem } from "./popup.js";
import { asCsv, asCurl, asPython, bodyOf } from "./questions.js";
import { addressWith, boot, currentWindow, state, update } from "./state.js";

/** The page where a panel's question can be changed, with the question in its address. */
export function exploreAddress({ kind, unit, value, series, query, title }, goal = {}) {
  const question = JSON.stringify({ title, kind, unit, value, series, query });
  return addressWith({ panel: "", q: question, ...goal }, "/explore");
}

/** A link that changes the panel, of a saved dashboard that this person may change. */
function editing({ id, ...declaration }) {
  const { saved } = boot;
  if (!saved?.mayChange) return null;
  const href = exploreAddress(declaration, { into: saved.id, edits: id });
  return h("a", { class: "item", role: "menuitem", href }, "Change the panel");
}

/** The name of a file with a panel's figures: which, and from when. */
function fileName({ id }) {
  const { start } = currentWindow();
  return `meterd-${id}-${start.toISOString().slice(0, 16).replace(":", "")}.csv`;
}

/** Fill the menu of a panel. */
export function fillMenu(box, panel) {
  const { declaration, answers, isTable } = panel;
  const body = () => bodyOf(declaration.query);
  const isOpened = state().panel === declaration.id;
  box.append(
    h("a", { class: "item", role: "menuitem", href: exploreAddress(declaration) }, "Open in Explore"),
    ...[editing(declaration)].filter(Boolean),
    menuItem("Copy as curl", () => copy(asCurl(body()), "Command")),
    menuItem("Copy as Python", () => copy(asPython(body()), "Program")),
    menuItem("Download CSV", () => download(fileName(declaration), asCsv(answers[0]), "text/csv"), {
      disabled: !answers,
    }),
    h("hr"),
  );
  if (declaration.kind !== "table")
    box.append(menuItem(isTable ? "Show the picture" : "Show as table", () => panel.toggleTable()));
  if (declaration.unit === "ms" && declaration.kind === "lines" && panel.plot) {
    box.append(
      menuItem(panel.plot.isLogarithmic ? "Linear axis" : "Logarithmic axis", () => panel.plot.toggleLogarithmic()),
    );
  }
  box.append(
    menuItem(isOpened ? "Close full screen" : "Full screen", () => update({ panel: isOpened ? "" : declaration.id })),
  );
}
