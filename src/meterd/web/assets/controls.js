/** What stands at the same place on each page: window, comparison, zone, refresh, theme. */

import { copy, h, icon, replace } from "./dom.js";
import { fromLocal, time, zoneOffset } from "./format.js";
import { startKeys } from "./keys.js";
import { startNavigation } from "./navigation.js";
import { menuItem, popup } from "./popup.js";
import {
  REFRESH_NAMES,
  WINDOWS,
  addressWith,
  currentWindow,
  onChange,
  refreshNow,
  refreshPeriod,
  state,
  update,
  windowText,
} from "./state.js";
import { themeButton } from "./theme.js";
import { fillZones } from "./zones.js";

function windowLabel() {
  const { window: chosen, zone } = state();
  if (chosen.name !== "custom") return WINDOWS.find(({ name }) => name === chosen.name).label;
  return `${time(chosen.start, { zone })} – ${time(chosen.end, { zone })}`;
}

/** An instant as a field of the type datetime-local shows it, in the chosen zone. */
const asField = (date) =>
  new Date(date.getTime() + zoneOffset(date.getTime(), state().zone)).toISOString().slice(0, 16);

const fromField = (text) => new Date(fromLocal(Date.parse(`${text}Z`), state().zone));

function customForm() {
  const { start, end } = currentWindow();
  const from = h("input", { type: "datetime-local", id: "from", required: true, value: asField(start) });
  const to = h("input", { type: "datetime-local", id: "to", required: true, value: asField(end) });
  const problem = h("p", { class: "problem small", id: "window-problem", role: "alert", hidden: true });
  function apply(event) {
    event.preventDefault();
    const [first, last] = [fromField(from.value), fromField(to.value)];
    problem.hidden = first < last;
    to.setAttribute("aria-invalid", String(!problem.hidden));
    if (!problem.hidden) problem.textContent = "The end must be later than the start.";
    else update({ window: windowText(first, last) });
  }
  return h(
    "form",
    { onsubmit: apply, novalidate: true },
    h("div", { class: "field" }, h("label", { for: "from" }, `From, in ${state().zone}`), from),
    h("div", { class: "field" }, h("label", { for: "to" }, "To"), to, problem),
    h("button", { class: "primary", type: "submit" }, "Show this window"),
  );
}

function copyFixed() {
  const { start, end } = currentWindow();
  copy(location.origin + addressWith({ window: windowText(start, end), zone: state().zone }), "Link with fixed times");
}

function fillWindows(box) {
  const { name: chosen } = state().window;
  const choices = WINDOWS.map(({ name, label }) =>
    menuItem(label, () => update({ window: name }), { role: null, "aria-current": name === chosen ? "true" : null }),
  );
  box.append(
    ...choices,
    h("hr"),
    customForm(),
    h("hr"),
    menuItem("Copy link with fixed times", copyFixed, { role: null }),
  );
}

const PERIODS = {
  off: "Off",
  "10s": "Every 10 seconds",
  "30s": "Every 30 seconds",
  "1m": "Every minute",
  "5m": "Every 5 minutes",
};

function fillRefresh(box) {
  box.append(
    ...REFRESH_NAMES.map((name) =>
      menuItem(PERIODS[name], () => update({ refresh: name }), {
        role: "menuitemradio",
        "aria-checked": String(name === state().refresh),
      }),
    ),
  );
}

let timer = null;
let last = Date.now();

/** Ask again when it is time, and never while nobody sees the page. */
function schedule() {
  clearTimeout(timer);
  const period = refreshPeriod();
  if (!period || document.hidden) return;
  timer = setTimeout(
    () => {
      last = Date.now();
      refreshNow();
      schedule();
    },
    Math.max(0, last + period - Date.now()),
  );
}

/** Fill the controls of a page; `window`, `compare` and `refresh` are false where a page has none. */
export function mountControls({ window: hasWindow = true, compare = true, refresh = true } = {}) {
  const picker = h("button", { type: "button" });
  const comparing = h(
    "button",
    { type: "button", onclick: () => update({ compare: state().compare ? "" : "previous" }) },
    "Compare",
  );
  const zone = h("button", { type: "button" });
  const now = h(
    "button",
    { class: "icon-only", type: "button", "aria-label": "Refresh now", title: "Refresh now", onclick: refreshNow },
    icon("refresh"),
  );
  const every = h("button", { type: "button" });
  comparing.title = "Draw the window before beside this one";

  function show() {
    const { zone: name, compare: chosen, refresh: period } = state();
    replace(picker, windowLabel(), icon("down"));
    replace(zone, name, icon("down"));
    replace(every, period === "off" ? "Live: off" : `Live: ${period}`, icon("down"));
    comparing.setAttribute("aria-pressed", String(Boolean(chosen)));
    schedule();
  }

  replace(
    document.getElementById("controls"),
    hasWindow && popup(picker, fillWindows),
    compare && comparing,
    popup(zone, fillZones),
    refresh && now,
    refresh && popup(every, fillRefresh, { isMenu: true }),
    themeButton(),
  );
  show();
  onChange(({ reason }) => {
    if (reason !== "refresh") show();
  });
  if (refresh) document.addEventListener("visibilitychange", schedule);
  startKeys();
  startNavigation();
}
