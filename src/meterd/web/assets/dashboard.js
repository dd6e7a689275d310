/** A page of panels: the declaration of a dashboard, drawn. */

import { h, replace } from "./dom.js";
import { mountControls } from "./controls.js";
import { mountFilters } from "./filters.js";
import { Panel } from "./panels.js";
import { mountPulse } from "./pulse.js";
import { mountSaving } from "./saving.js";
import { boot, onChange, state } from "./state.js";

/** Draw a dashboard into an element; returns its panels. */
export function mountDashboard(declaration, parent = document.getElementById("page")) {
  const panels = declaration.panels.map((each) => new Panel(each));
  const lead = declaration.description ? h("p", { class: "lead" }, declaration.description) : null;
  replace(
    parent,
    lead,
    h(
      "div",
      { class: "grid" },
      panels.map(({ element }) => element),
    ),
  );
  const open = () => panels.forEach((each) => each.open(each.declaration.id === state().panel));
  const stop = onChange(({ reason }) => {
    open();
    if (reason !== "panel") panels.forEach((each) => each.refresh({ isForNews: reason === "refresh" }));
  });
  panels.forEach((each) => each.refresh());
  open();
  return {
    panels,
    dispose: () => {
      stop();
      panels.forEach((each) => each.dispose());
    },
  };
}

function start() {
  mountControls();
  const { dashboard } = boot;
  if (!dashboard) return;
  const datasources = [...new Set(dashboard.panels.map(({ query }) => query.datasource))];
  mountFilters(dashboard.filters ?? [], datasources);
  document.querySelector("header h1").textContent = dashboard.title;
  mountDashboard(dashboard);
  if (boot.page === "overview") mountPulse();
  mountSaving();
}

start();
