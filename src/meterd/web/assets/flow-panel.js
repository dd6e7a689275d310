/** Panels as high as what is in them, and fields of forms. */

import { h, replace } from "./dom.js";
import { showError } from "./failures.js";

/** A panel: its `element`, the `body` to fill, its `description`, and a `count` beside its title. */
export function flowPanel(id, title, description) {
  const count = h("span", { class: "muted" });
  const text = h("p", { class: "description" }, description);
  const tools = h("div", { class: "tools", hidden: true });
  const body = h("div", { class: "body" });
  const titles = h("div", { class: "titles" }, h("h2", { id: `${id}-title` }, title, " ", count), text);
  const element = h(
    "section",
    { class: "panel flow", id, "aria-labelledby": `${id}-title` },
    h("div", { class: "progress" }),
    h("header", {}, titles),
    tools,
    body,
  );
  return { element, body, count, description: text, tools };
}

/** Fill the tools of a panel, which stand above its body. */
export function showTools({ tools }, ...content) {
  tools.hidden = false;
  replace(tools, ...content);
}

/** Do work that fills a panel; a failure is said in it. Nothing is done once `signal` says that it is not wanted. */
export async function whileBusy(panel, signal, work) {
  panel.element.setAttribute("aria-busy", "true");
  try {
    await work();
  } catch (error) {
    if (error.name !== "AbortError") showError(panel.body, error, () => whileBusy(panel, signal, work));
  } finally {
    if (!signal.aborted) panel.element.setAttribute("aria-busy", "false");
  }
}

/** A table that scrolls sideways where there is no room. */
export const scrolled = (label, table) =>
  h("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": label }, table);

/** A field with its label above. */
export const labelled = (label, field) => h("label", { class: "field" }, h("span", {}, label), field);
