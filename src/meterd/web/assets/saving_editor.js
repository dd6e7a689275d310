/** The editor of a dashboard: its title, whom it is for, and its panels: order, titles, sizes, and each one's JSON. */

import { h, icon, replace } from "./dom.js";

function field(label, input) {
  return h("label", { class: "field" }, label, input);
}

function sizes(label, value, most) {
  const numbers = Array.from({ length: most }, (_, place) => place + 1);
  return h("select", { "aria-label": label }, numbers.map((each) => h("option", { value: each, selected: each === value }, each)));
}

function tool(name, label, onclick) {
  return h("button", { type: "button", class: "plain icon-only", "aria-label": label, onclick }, icon(name));
}

/** A panel as a row of the editor: `read()` gives its declaration back. */
function row(panel) {
  const title = h("input", { value: panel.title ?? "", "aria-label": "Title of the panel" });
  const width = sizes("Width", panel.width, 12);
  const height = sizes("Height", panel.height, 12);
  const json = h("textarea", { "aria-label": `JSON of ${panel.title}`, rows: 8, spellcheck: "false",
    value: JSON.stringify(panel, null, 2) });
  const written = json.value;
  const element = h("li", {}, h("div", { class: "row" }, title, width, height,
    tool("up", `Move ${panel.title} up`, () => element.previousElementSibling?.before(element)),
    tool("fall", `Move ${panel.title} down`, () => element.nextElementSibling?.after(element)),
    tool("close", `Remove ${panel.title}`, () => element.remove())),
  h("details", {}, h("summary", {}, "JSON"), json));
  element.read = () => {
    const base = json.value === written ? panel : JSON.parse(json.value);
    const isFrom = (name, value) => (value === String(panel[name] ?? "") ? base[name] : value);
    return { ...base, title: isFrom("title", title.value), width: Number(isFrom("width", width.value)),
      height: Number(isFrom("height", height.value)) };
  };
  return element;
}

function teamChoice(team, teams) {
  const all = [...new Set([...(team ? [team] : []), ...teams, "everyone"])];
  return h("select", {}, h("option", { value: "" }, "Me alone"),
    all.map((each) => h("option", { value: each, selected: each === team }, each === "everyone" ? "Everyone" : `Team ${each}`)));
}

/** Open the editor; `save(dashboard, team)` is tried, and what it throws is shown, with all that was typed kept. */
export function editor(dashboard, { team, teams, save }) {
  const title = h("input", { value: dashboard.title ?? "", required: true, maxlength: "80" });
  const description = h("input", { value: dashboard.description ?? "", maxlength: "240" });
  const whom = teamChoice(team, teams);
  const panels = h("ol", { class: "panels" }, (dashboard.panels ?? []).map(row));
  const problem = h("p", { class: "problem", role: "alert" });
  const submit = async (event) => {
    event.preventDefault();
    replace(problem);
    try {
      const made = { ...dashboard, title: title.value.trim(), description: description.value,
        panels: [...panels.children].map((each) => each.read()) };
      await save(made, whom.value || null);
    } catch (error) {
      replace(problem, error instanceof SyntaxError ? `The JSON of a panel can't be read: ${error.message}` : error.message);
    }
  };
  const dialog = h("dialog", { class: "editor", "aria-label": "Dashboard", onclose: () => dialog.remove() },
    h("form", { onsubmit: submit }, h("h2", {}, "Dashboard"), field("Title", title), field("Description", description),
      field("For", whom), h("h3", {}, "Panels: title, width of 12, height"), panels, problem,
      h("div", { class: "row" }, h("button", { class: "primary", type: "submit" }, "Save"),
        h("button", { type: "button", onclick: () => dialog.close() }, "Cancel"))));
  document.body.append(dialog);
  dialog.showModal();
}
