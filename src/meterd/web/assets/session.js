/** The page of one session: facts, timeline, state, exceptions, metrics, events; one range of time for all of them. */

import { mountControls } from "./controls.js";
import { announce, copy, h, replace } from "./dom.js";
import { flowPanel } from "./flow-panel.js";
import { duration, exact, number, relative, time } from "./format.js";
import { repeat } from "./live.js";
import { SessionData } from "./session-data.js";
import { EventTable } from "./session-events.js";
import { MetricCards } from "./session-metrics.js";
import { StateView } from "./session-state.js";
import { badges, statusOf } from "./session-status.js";
import { boot, onChange, state, update } from "./state.js";
import { exactTime } from "./time-scale.js";
import { Timeline } from "./timeline.js";

const PERIOD = 4000;
const SHORTEST = 1;
const LISTED = 20;

const page = document.getElementById("page");
const data = new SessionData(boot.id);
const parameter = (name) => new URLSearchParams(location.search).get(name) ?? "";

/** The range that is shown: the one in the address, else all of the session. */
function rangeNow() {
  const [start, end] = parameter("range")
    .split("/")
    .map((each) => Date.parse(each));
  return start < end ? { start, end } : data.whole;
}

function chooseRange(start, end) {
  const whole = data.whole;
  const [from, to] = [Math.max(start, whole.start), Math.min(end, whole.end)];
  const isWhole = from <= whole.start && to >= whole.end;
  if (to - from < SHORTEST) return;
  update({ range: isWhole ? "" : `${new Date(from).toISOString()}/${new Date(to).toISOString()}` });
}

/** The moment whose state is shown: the one in the address, else the last one. */
function momentNow() {
  const at = Date.parse(parameter("at"));
  return Number.isNaN(at) ? (data.states[data.states.length - 1]?.at ?? data.whole.end) : at;
}

const chooseMoment = (at) => update({ at: new Date(at).toISOString() }, { replace: true });

/* Panels */

const opened = h("div", { class: "at-place", "aria-live": "polite" });
const timeline = new Timeline({ range: chooseRange, moment: chooseMoment, items: showItems });
const stateView = new StateView({
  moment: chooseMoment,
  compare: (other) => update({ other: other === "before" ? "" : other }, { replace: true }),
});
const exceptions = new EventTable({ exceptions: true });
const events = new EventTable();
const metrics = new MetricCards({ range: chooseRange });

function section(id, title, description, ...content) {
  const panel = flowPanel(id, title, description);
  replace(panel.body, content);
  return panel;
}

const facts = h("dl", { class: "facts of-session" });
const whole = h("button", { onclick: () => update({ range: "" }) }, "Whole session");
const nearer = h("button", { "aria-label": "Zoom in", title: "Zoom in", onclick: () => timeline.zoom(0.5) }, "+");
const wider = h("button", { "aria-label": "Zoom out", title: "Zoom out", onclick: () => timeline.zoom(2) }, "−");
const short = h("input", {
  type: "checkbox",
  onchange: () => update({ gaps: short.checked ? "short" : "" }, { replace: true }),
});
const shownRange = h("span", { class: "muted small" });
const cutNote = h("p", { class: "note", hidden: true }, "Only the first 20,000 events and states are shown here.");
const parts = {
  facts: section("facts", "Facts", "What is known of it", facts),
  timeline: section(
    "when",
    "Timeline",
    "Drag to zoom, click to choose a moment; arrow keys go from mark to mark",
    h(
      "div",
      { class: "tools" },
      nearer,
      wider,
      whole,
      h("label", { class: "inline" }, short, " Shorten idle gaps"),
      shownRange,
    ),
    timeline.element,
    cutNote,
    opened,
  ),
  state: section(
    "state",
    "State",
    "What it was at the chosen moment, and what differs from another",
    stateView.element,
  ),
  exceptions: section("exceptions", "Exceptions", "Open one to see its stack", exceptions.element),
  metrics: section(
    "metrics",
    "Metrics",
    "Of the time that is shown; drag over a chart to zoom",
    h("div", { class: "find-row" }, metrics.search),
    metrics.note,
    metrics.element,
  ),
  events: section("events", "Events", "Of the time that is shown; open one to see its data", events.element),
};

/** Say what lies at a place of the timeline; each event can be opened from there. */
function showItems(lane, items) {
  const { zone } = state();
  const row = (each) =>
    h(
      "li",
      {},
      h("span", { class: "clock" }, exactTime(each.at, zone)),
      " ",
      lane === "state"
        ? h("button", { class: "link", onclick: () => chooseMoment(each.at) }, "Update of the state")
        : h(
            "button",
            { class: "link", onclick: () => (lane === "exception" ? exceptions : events).open(each) },
            each.exception_type || each.name || "without a name",
          ),
      each.message ? h("span", { class: "muted said" }, each.message) : null,
    );
  replace(
    opened,
    h("ul", {}, items.slice(0, LISTED).map(row)),
    items.length > LISTED
      ? h("p", { class: "muted" }, `${exact(items.length - LISTED)} more are here: zoom in to tell them apart.`)
      : null,
  );
  chooseMoment(items[items.length - 1].at);
}

function showFacts() {
  const { zone } = state();
  const { document } = data;
  const { product, version } = document.state;
  const name = [product, version].filter((each) => typeof each === "string").join(" ") || "Session";
  const when = (text) => [
    time(text, { zone, precision: "second" }),
    h("span", { class: "muted" }, ` ${relative(text)}`),
  ];
  const lasted = Date.parse(document.ended_at ?? document.updated_at) - Date.parse(document.created_at);
  const rows = [
    ["Status", badges(statusOf(document), document.hung)],
    ["Product", String(product ?? "–")],
    ["Version", String(version ?? "–")],
    ["Began", when(document.created_at)],
    document.ended_at ? ["Ended", when(document.ended_at)] : ["Last sign of life", when(document.updated_at)],
    ["Ran for", duration(lasted)],
    document.last_heartbeat && ["Last heartbeat", when(document.last_heartbeat)],
    document.hostname && ["Host", document.hostname],
    document.machine_id && ["Machine", document.machine_id],
    [
      "Id",
      [
        h("code", {}, document.id),
        " ",
        h("button", { class: "small", onclick: () => copy(document.id, "Id") }, "Copy"),
      ],
    ],
  ].filter(Boolean);
  replace(
    facts,
    rows.map(([label, value]) => h("div", {}, h("dt", {}, label), h("dd", {}, value))),
  );
  window.document.title = `${name} – Session – meterd`;
  window.document.querySelector("h1").textContent = name;
}

function show({ figures = true } = {}) {
  const range = rangeNow();
  const { zone } = state();
  const at = momentNow();
  short.checked = parameter("gaps") === "short";
  const isChosen = Boolean(parameter("at"));
  const shown = { data, range, short: short.checked, at, isChosen, zone, other: parameter("other") || "before" };
  showFacts();
  timeline.show(shown);
  whole.disabled = !parameter("range");
  wider.disabled = !parameter("range");
  shownRange.textContent = `${exactTime(range.start, zone)} to ${exactTime(range.end, zone)}, ${zone}`;
  cutNote.hidden = !data.isCut;
  stateView.show(shown);
  exceptions.show(shown);
  events.show(shown);
  const thrown = data.events.filter((each) => each.exception_type).length;
  parts.exceptions.element.hidden = !thrown;
  parts.exceptions.count.textContent = number(thrown);
  parts.events.count.textContent = number(data.events.length);
  parts.state.count.textContent = data.states.length ? `${number(data.states.length)} updates` : "";
  if (figures) metrics.show(shown);
}

function failed(error) {
  const isNone = error.status === 404;
  replace(
    page,
    h(
      "div",
      { class: `state ${isNone ? "" : "error"}`, role: "alert" },
      h("strong", {}, isNone ? "There is no such session, or it is not yours to see" : "The session can't be shown"),
      h(
        "p",
        {},
        isNone ? "It may have been deleted because it is old, or belong to a team that you are not in." : error.message,
      ),
      h("a", { href: "/sessions" }, "All sessions"),
    ),
  );
}

const live = repeat(
  async () => {
    try {
      const wasOver = data.isOver;
      if (await data.refresh()) show();
      else showFacts();
      if (data.isOver && !wasOver) announce("The session has ended");
    } catch {
      // what can't be read now is asked for again
    }
  },
  () => (data.isOver ? 0 : PERIOD),
);

async function begin() {
  mountControls({ compare: false, refresh: false, window: false });
  replace(page, h("p", { class: "muted", role: "status" }, "Loading the session…"));
  try {
    await data.refresh();
  } catch (error) {
    failed(error);
    return;
  }
  replace(
    page,
    h("p", { class: "way" }, h("a", { href: "/sessions" }, "All sessions")),
    Object.values(parts).map(({ element }) => element),
  );
  show();
  let range = parameter("range");
  let zone = state().zone;
  let gaps = parameter("gaps");
  onChange(() => {
    const figures = range !== parameter("range") || zone !== state().zone || gaps !== parameter("gaps");
    [range, zone, gaps] = [parameter("range"), state().zone, parameter("gaps")];
    show({ figures });
  });
  live.plan();
}

begin();
