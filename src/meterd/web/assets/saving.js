/** Dashboards of one's own: copies, changes, sharing with a team, files; and the list of those that there are. */

import { download, h, notify, replace } from "./dom.js";
import { editor } from "./saving_editor.js";
import { menuItem, popup } from "./popup.js";
import { allSaved, change, create, remove as removeSaved } from "./saved.js";
import { addressWith, boot } from "./state.js";

const open = (id) => location.assign(`/dashboards/${id}${location.search}`);

async function saveNew(dashboard, team) {
  const { id } = await create(dashboard, team);
  open(id);
}

async function saveChange(saved, dashboard, team) {
  await change(saved, dashboard, team);
  location.reload();
}

function remove(saved) {
  const problem = h("p", { class: "problem", role: "alert" });
  const confirm = async () => {
    try {
      await removeSaved(saved);
      location.assign("/overview");
    } catch (error) {
      replace(problem, error.message);
    }
  };
  const dialog = h("dialog", { "aria-label": "Delete the dashboard", onclose: () => dialog.remove() },
    h("h2", {}, `Delete “${saved.title}”?`), h("p", { class: "muted" }, "It is gone then, for whoever it is shared with too."), problem,
    h("div", { class: "row" }, h("button", { type: "button", class: "primary", onclick: confirm }, "Delete"),
      h("button", { type: "button", onclick: () => dialog.close() }, "Cancel")));
  document.body.append(dialog);
  dialog.showModal();
}

function importFile() {
  const input = h("input", { type: "file", accept: ".json,application/json" });
  input.addEventListener("change", async () => {
    try {
      edit(JSON.parse(await input.files[0].text()), null);
    } catch {
      notify("That file is no JSON");
    }
  });
  input.click();
}

/** Let a person change a declaration, and save it: as a new one where there is no `saved`. */
function edit(dashboard, saved) {
  const save = (changed, team) => (saved ? saveChange(saved, changed, team) : saveNew(changed, team));
  editor(dashboard, { team: saved?.team ?? null, teams: boot.me.teams, save });
}

async function fillList(box) {
  const note = box.appendChild(h("p", { class: "note" }, "Looking for dashboards …"));
  try {
    const items = (await allSaved()).map(({ id, title, owner, team }) => {
      const whose = team ? `for ${team}` : owner === boot.me.subject ? "yours" : `of ${owner}`;
      return h("a", { class: "item", role: "menuitem", href: `/dashboards/${id}${location.search}` },
        h("span", {}, title), h("span", { class: "muted" }, whose));
    });
    note.replaceWith(...(items.length ? items : [h("p", { class: "note" }, "None is saved yet: save a copy of this one.")]));
  } catch (error) {
    replace(note, error.message);
  }
}

/** Put what can be done with the dashboard of a page above its panels. */
export function mountSaving(parent = document.getElementById("page")) {
  const { dashboard, saved } = boot;
  const { id: _, ...content } = dashboard;
  const copy = { ...content, title: saved.builtIn ? `My ${dashboard.title}` : `Copy of ${dashboard.title}`.slice(0, 80) };
  const text = JSON.stringify(content, null, 2);
  const fillMenu = (box) => box.append(
    menuItem("Save a copy", () => edit(copy, null)),
    ...(saved.mayChange ? [
      h("a", { class: "item", role: "menuitem", href: addressWith({ panel: "", into: saved.id }, "/explore") }, "Add a panel"),
      menuItem("Edit", () => edit(content, saved)), menuItem("Delete", () => remove(saved))] : []),
    menuItem("Export as JSON", () => download(`${dashboard.id}.json`, text, "application/json")),
    menuItem("Import from JSON", importFile));
  const list = h("button", { type: "button" }, "Saved dashboards");
  const actions = h("button", { type: "button" }, "Dashboard");
  const whose = saved.builtIn ? null : h("span", { class: "muted small" },
    `Of ${saved.owner}${saved.team ? `, shared with ${saved.team}` : ", shared with nobody"}`);
  parent.prepend(h("div", { class: "row saving" },
    popup(actions, fillMenu, { isMenu: true, isLeft: true }), popup(list, fillList, { isMenu: true, isLeft: true }), whose));
}
