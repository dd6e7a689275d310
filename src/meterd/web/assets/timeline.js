/** The timeline of a session: lanes of states, events and exceptions; what meets at a place is stacked. */

import { h, replace, svg } from "./dom.js";
import { duration, exact, number } from "./format.js";
import { exactTime, makeScale, onDrag } from "./time-scale.js";

const LANES = [
  { name: "state", label: "State" },
  { name: "event", label: "Events" },
  { name: "exception", label: "Exceptions" },
];
const LEFT = 84;
const RIGHT = 12;
const LANE = 56;
const AXIS = 24;
const BIN = 11;
const STACKED = 4;
const LISTED = 4;
const ROOM_OF_COUNT = 40;

const WORDS = {
  state: ["change of state", "changes of state"],
  event: ["event", "events"],
  exception: ["exception", "exceptions"],
};

function described(lane, items, zone) {
  const names =
    lane === "state" ? [] : items.slice(0, LISTED).map((each) => each.exception_type || each.name || "without a name");
  const more = names.length && items.length > LISTED ? `, and ${exact(items.length - LISTED)} more` : "";
  const count = `${exact(items.length)} ${WORDS[lane][items.length === 1 ? 0 : 1]}`;
  return `${count}, ${exactTime(items[0].at, zone)}${names.length ? `: ${names.join(", ")}${more}` : ""}`;
}

/** A mark of a lane: each lane has a form of its own besides its colour. */
function form(lane, x, y) {
  if (lane === "state") return svg("rect", { x: x - 4, y: y - 4, width: 8, height: 8, rx: 1 });
  if (lane === "exception") return svg("path", { d: `M${x} ${y - 5}l5 9h-10z` });
  return svg("circle", { cx: x, cy: y, r: 4 });
}

/** Items of a lane by the place where they are drawn. */
function binned(items, scale) {
  const bins = new Map();
  for (const each of items) {
    if (!(each.at >= scale.start && each.at <= scale.end)) continue;
    const place = Math.floor(scale.x(each.at) / BIN);
    if (!bins.has(place)) bins.set(place, []);
    bins.get(place).push(each);
  }
  return [...bins].sort(([a], [b]) => a - b).map(([, found]) => found);
}

/**
 * A timeline in an element. `show({data, range, short, at, zone})` draws it and returns its scale. Callbacks: `range`,
 * `moment` (a time was chosen), `items` (what lies at a place was chosen).
 */
export class Timeline {
  constructor(callbacks) {
    this.callbacks = callbacks;
    this.drawing = svg("svg", {
      class: "timeline",
      role: "group",
      "aria-label": "Timeline",
      height: LANES.length * LANE + AXIS,
    });
    this.element = h("div", { class: "timeline-box" }, this.drawing);
    this.focus = { lane: "", number: 0 };
    onDrag(this.drawing, () => this.scale, { left: LEFT, range: callbacks.range, moment: callbacks.moment });
    this.drawing.addEventListener("focusin", (event) => this.onFocus(event.target));
    this.drawing.addEventListener("keydown", (event) => this.onKey(event));
    new ResizeObserver(() => this.shown && this.element.clientWidth !== this.width && this.show(this.shown)).observe(
      this.element,
    );
  }

  show(shown) {
    this.shown = shown;
    const { data, range, short, at, zone } = shown;
    this.width = this.element.clientWidth || 900;
    const times = short ? [...data.events, ...data.states].map((each) => each.at).sort((a, b) => a - b) : [];
    this.scale = makeScale(range, Math.max(120, this.width - LEFT - RIGHT), { times, short });
    const hadFocus = this.drawing.contains(document.activeElement);
    const lanes = {
      state: data.states,
      event: data.events.filter((each) => !each.exception_type),
      exception: data.events.filter((each) => each.exception_type),
    };
    this.marks = {};
    this.drawing.setAttribute("width", String(this.width));
    replace(
      this.drawing,
      this.axis(zone),
      LANES.map((lane, row) => this.lane(lane, row, binned(lanes[lane.name], this.scale), zone)),
      at >= range.start && at <= range.end
        ? svg("line", {
            class: "moment",
            x1: LEFT + this.scale.x(at),
            x2: LEFT + this.scale.x(at),
            y1: 0,
            y2: LANES.length * LANE,
          })
        : null,
    );
    this.makeReachable(hadFocus);
    return this.scale;
  }

  axis(zone) {
    const bottom = LANES.length * LANE;
    return svg(
      "g",
      { class: "axis", "aria-hidden": "true" },
      this.scale.gaps.map(({ left, width, length }) =>
        svg(
          "g",
          { class: "gap" },
          svg(
            "rect",
            { x: LEFT + left, y: 0, width, height: bottom },
            svg("title", {}, `${duration(length)} in which nothing happened`),
          ),
        ),
      ),
      this.scale.ticks(zone).map(({ x, text }) => [
        svg("line", { x1: LEFT + x, x2: LEFT + x, y1: 0, y2: bottom }),
        svg(
          "text",
          {
            x: LEFT + x,
            y: bottom + 16,
            "text-anchor": x > this.scale.width - 30 ? "end" : x < 30 ? "start" : "middle",
          },
          text,
        ),
      ]),
    );
  }

  lane({ name, label }, row, bins, zone) {
    const base = row * LANE + LANE - 12;
    const marks = bins.map((items, place) => this.mark(name, items, place, base, zone));
    this.marks[name] = marks;
    return svg(
      "g",
      { class: `lane lane-${name}` },
      svg("text", { x: 0, y: base + 4, class: "label" }, label),
      svg("line", { x1: LEFT, x2: LEFT + this.scale.width, y1: base, y2: base, class: "base" }),
      marks,
    );
  }

  mark(lane, items, place, base, zone) {
    const x = LEFT + this.scale.x(items[0].at);
    const choose = () => {
      this.focus = { lane, number: place };
      this.callbacks.items(lane, items);
    };
    const label = described(lane, items, zone);
    return svg(
      "g",
      { class: "mark", role: "button", tabindex: -1, "aria-label": label, onclick: choose },
      svg("title", {}, label),
      svg("rect", { class: "hit", x: x - 6, y: base - LANE + 14, width: 12, height: LANE - 6 }),
      items.length > STACKED
        ? this.heap(items.length, x, base)
        : items.map((_, height) => form(lane, x, base - height * 9)),
    );
  }

  /** What is too much to be stacked: a column, and how much it is where there is room to say it. */
  heap(count, x, base) {
    const isFree = x - (this.lastCount ?? -Infinity) >= ROOM_OF_COUNT || x < this.lastCount;
    if (isFree) this.lastCount = x;
    return [
      svg("rect", { x: x - 4, y: base - STACKED * 9 + 4, width: 8, height: STACKED * 9, rx: 2 }),
      isFree
        ? svg("text", { x, y: base - STACKED * 9 + 1, "text-anchor": "middle", class: "more" }, number(count))
        : null,
    ];
  }

  /** One mark is reached by Tab, the others by arrows. */
  makeReachable(focusIt) {
    const lane = this.marks[this.focus.lane]?.length
      ? this.focus.lane
      : LANES.find(({ name }) => this.marks[name].length)?.name;
    if (!lane) return;
    const number = Math.min(this.focus.number, this.marks[lane].length - 1);
    this.focus = { lane, number };
    this.marks[lane][number].setAttribute("tabindex", "0");
    if (focusIt) this.marks[lane][number].focus();
  }

  onFocus(target) {
    for (const [lane, marks] of Object.entries(this.marks))
      if (marks.includes(target)) this.focus = { lane, number: marks.indexOf(target) };
  }

  onKey(event) {
    const lanes = LANES.map(({ name }) => name).filter((name) => this.marks[name].length);
    const { lane, number } = this.focus;
    const marks = this.marks[lane] ?? [];
    const go = (name, to) => {
      marks[number]?.setAttribute("tabindex", "-1");
      this.focus = { lane: name, number: Math.max(0, Math.min(to, this.marks[name].length - 1)) };
      this.makeReachable(true);
    };
    const row = lanes.indexOf(lane);
    const actions = {
      ArrowLeft: () => go(lane, number - 1),
      ArrowRight: () => go(lane, number + 1),
      Home: () => go(lane, 0),
      End: () => go(lane, marks.length - 1),
      ArrowUp: () => row > 0 && go(lanes[row - 1], number),
      ArrowDown: () => row < lanes.length - 1 && go(lanes[row + 1], number),
      Enter: () => event.target.closest(".mark")?.dispatchEvent(new MouseEvent("click", { bubbles: true })),
      "+": () => this.zoom(0.5),
      "-": () => this.zoom(2),
    };
    actions[" "] = actions.Enter;
    if (event.ctrlKey || event.metaKey || event.altKey || !actions[event.key]) return;
    event.preventDefault();
    actions[event.key]();
  }

  /** Show a part of the range around what is chosen, or more than the range. */
  zoom(factor) {
    const { range, at, isChosen } = this.shown;
    const middle = factor < 1 && isChosen && at >= range.start && at <= range.end ? at : (range.start + range.end) / 2;
    const half = ((range.end - range.start) * factor) / 2;
    this.callbacks.range(middle - half, middle + half);
  }
}
