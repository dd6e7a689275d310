/** What Explore shows, saved as a panel: in a new dashboard, or in one that there is, there in the place of another. */

import { h, replace } from "./dom.js";
import { allSaved, change, create, readSaved } from "./saved.js";
import { addressWith } from "./state.js";

const NEW = "";
const SIZES = { number: [3, 1], top: [4, 3], table: [12, 4] };

/** The dashboard that a question came from, or is meant for, and the panel that it takes the place of. */
function goal() {
  const parameters = new URLSearchParams(location.search);
  return { into: parameters.get("into") ?? NEW, edits: parameters.get("edits") };
}

/** A name for a panel that no other has. */
function nameFor(title, panels) {
  const wanted = title.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 56) || "panel";
  const isTaken = (name) => panels.some(({ id }) => id === name);
  let name = wanted;
  for (let number = 2; isTaken(name); number += 1) name = `${wanted}-${number}`;
  return name;
}

/** The declaration of a question as one of some panels; it keeps what the panel before it had. */
function panelOf({ kind, unit, value, series, query }, title, panels, before) {
  const [width, height] = SIZES[kind] ?? [6, 3];
  const place = before ?? { id: nameFor(title, panels), width, height };
  const standing = series.length ? { series } : { series: undefined };
  return { ...place, title, kind, unit, value, ...standing, query };
}

async function saveInto(id, question, title, edits) {
  const saved = await readSaved(id);
  const { panels } = saved.dashboard;
  const before = panels.find((each) => each.id === edits);
  const made = panelOf(question, title, panels, before);
  const changed = before ? panels.map((each) => (each === before ? made : each)) : [...panels, made];
  await change(saved, { ...saved.dashboard, panels: changed }, saved.team);
  return id;
}

async function saveNew(question, title, name) {
  const { id } = await create({ title: name, panels: [panelOf(question, title, [], null)] }, null);
  return id;
}

/** Let a person choose where a question is saved, and under which title. */
async function openDialog(question) {
  const { into, edits } = goal();
  const saved = (await allSaved()).filter(({ mayChange }) => mayChange);
  const title = h("input", { value: question.title, required: true, maxlength: "80" });
  const where = h("select", {}, h("option", { value: NEW }, "A new dashboard"),
    saved.map(({ id, title: name }) => h("option", { value: id, selected: id === into }, name)));
  const name = h("input", { value: "My dashboard", maxlength: "80" });
  const named = h("label", { class: "field" }, "Title of the dashboard", name);
  const problem = h("p", { class: "problem", role: "alert" });
  const showName = () => {
    named.hidden = where.value !== NEW;
  };
  const submit = async (event) => {
    event.preventDefault();
    try {
      const [text, id] = [title.value.trim(), where.value];
      const done = id === NEW ? await saveNew(question, text, name.value.trim())
        : await saveInto(id, question, text, id === into ? edits : null);
      location.assign(addressWith({ q: "", into: "", edits: "" }, `/dashboards/${done}`));
    } catch (error) {
      replace(problem, error.message);
    }
  };
  where.addEventListener("change", showName);
  showName();
  const dialog = h("dialog", { "aria-label": "Save as a panel", onclose: () => dialog.remove() },
    h("form", { class: "saving", onsubmit: submit }, h("h2", {}, edits ? "Change the panel" : "Save as a panel"),
      h("label", { class: "field" }, "Title", title), h("label", { class: "field" }, "Dashboard", where), named, problem,
      h("div", { class: "row" }, h("button", { class: "primary", type: "submit" }, "Save"),
        h("button", { type: "button", onclick: () => dialog.close() }, "Cancel"))));
  document.body.append(dialog);
  dialog.showModal();
}

/** A button that saves a question. */
export function saver(questionOf, report) {
  const open = () => openDialog(questionOf()).catch((error) => report(error.message));
  return h("button", { type: "button", onclick: open }, goal().edits ? "Save the panel" : "Save to a dashboard");
}
