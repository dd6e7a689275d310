/** Small charts that share the time scale of a timeline. Colours come from the style, so a change of theme needs nothing. */

import { h, replace, svg } from "./dom.js";
import { exactTime, onDrag } from "./time-scale.js";

const HEIGHT = 132;
const AXIS = 20;
const LEFT = 52;
const RIGHT = 8;
const TOP = 8;
const WIDEST_BAR = 64;
const GAP = 12;
const MOST_DOTS = 60;

/** Round numbers that span values, about four of them. */
export function niceTicks(low, high) {
  if (!(high > low)) return [low];
  const raw = (high - low) / 3;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((each) => each * power).find((each) => each >= raw);
  const found = [];
  for (let at = Math.floor(low / step) * step; at < high + step * 0.999; at += step)
    found.push(Number(at.toPrecision(12)));
  return found;
}

/** Width that is left for times in an element. */
export const roomOf = (element) => Math.max(80, (element.clientWidth || 400) - LEFT - RIGHT);

function bounds(series, fromZero) {
  let [low, high] = [Infinity, -Infinity];
  for (const { points } of series)
    for (const { value } of points) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  if (low > high) return [0, 1];
  if (fromZero || (low > 0 && low < high / 2)) low = Math.min(0, low);
  if (low === high) return low === 0 ? [0, 1] : [Math.min(0, low), Math.max(0, high)];
  return [low, high];
}

/**
 * Draw lines: `series` are `{name, points: [{at, value}]}`, in the order of time. `write` makes a value a text, `steps`
 * keeps one until the next, `dots` draws no lines. Dragging
 * over it chooses a range.
 */
export function drawLines(
  element,
  { series, scale, zone, write, fromZero = false, steps = false, dots = false, label, onRange },
) {
  const ticks = niceTicks(...bounds(series, fromZero));
  const [low, high] = [Math.min(ticks[0], bounds(series, fromZero)[0]), ticks[ticks.length - 1]];
  const y = (value) => TOP + (HEIGHT - TOP) * (1 - (value - low) / (high - low || 1));
  const x = (at) => LEFT + scale.x(at);
  const inside = series.map((each, number) => ({
    ...each,
    number,
    points: each.points.filter(({ at }) => at >= scale.start && at <= scale.end),
  }));
  const drawing = svg(
    "svg",
    { class: "plot", role: "img", "aria-label": label, height: HEIGHT + AXIS, width: scale.width + LEFT + RIGHT },
    ticks.map((each) => [
      svg("line", { class: "grid-line", x1: LEFT, x2: LEFT + scale.width, y1: y(each), y2: y(each) }),
      svg("text", { x: LEFT - 6, y: y(each) + 4, "text-anchor": "end" }, write(each)),
    ]),
    scale.ticks(zone).map((tick) =>
      svg(
        "text",
        {
          x: LEFT + tick.x,
          y: HEIGHT + 15,
          "text-anchor": tick.x > scale.width - 30 ? "end" : tick.x < 30 ? "start" : "middle",
        },
        tick.text,
      ),
    ),
    scale.gaps.map(({ left, width }) =>
      svg("rect", { class: "gap", x: LEFT + left, y: TOP, width, height: HEIGHT - TOP }),
    ),
    inside.map(({ points, number }) =>
      svg(
        "g",
        { class: `series series-${number % 12}` },
        dots
          ? svg("path", { class: "dots", d: scattered(points, x, y) })
          : svg("path", { d: path(points, x, y, steps) }),
        points.length <= MOST_DOTS && !dots
          ? points.map(({ at, value }) => svg("circle", { cx: x(at), cy: y(value), r: 2.5 }))
          : null,
      ),
    ),
  );
  const readout = h("div", { class: "readout", hidden: true });
  replace(element, drawing, legend(series), readout);
  onDrag(drawing, () => scale, { left: LEFT, range: onRange });
  hover(element, drawing, readout, { inside, scale, zone, write, x });
}

/** Points as strokes without length, which round ends make dots: one path, however many there are. */
const scattered = (points, x, y) =>
  points.map(({ at, value }) => `M${x(at).toFixed(1)} ${y(value).toFixed(1)}h0`).join("");

/** How far points may be apart to be joined: much farther than they are elsewhere is a gap. */
function longestStep(points) {
  const steps = points.slice(1).map(({ at }, number) => at - points[number].at);
  return Math.max(1, steps.sort((a, b) => a - b)[steps.length >> 1] ?? 0) * GAP;
}

function path(points, x, y, steps) {
  const longest = steps ? Infinity : longestStep(points);
  return points
    .map(({ at, value }, number) => {
      const [px, py] = [x(at).toFixed(1), y(value).toFixed(1)];
      if (number === 0 || at - points[number - 1].at > longest) return `M${px} ${py}h0`;
      return steps ? `H${px}V${py}` : `L${px} ${py}`;
    })
    .join("");
}

/** Names of lines, where there are several. */
const legend = (series) =>
  series.length > 1 &&
  h(
    "div",
    { class: "legend" },
    series.map(({ name }, number) =>
      h(
        "span",
        { class: "entry" },
        h("span", { class: `dot series-${number % 12}` }),
        h("span", { class: "name", title: name }, name),
      ),
    ),
  );

/** The last point that is not after a time. */
function before(points, at) {
  let [low, high] = [0, points.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points[middle].at <= at) low = middle + 1;
    else high = middle;
  }
  return points[low - 1] ?? points[0];
}

function hover(element, drawing, readout, { inside, scale, zone, write, x }) {
  const pointer = svg("line", { class: "pointer", y1: TOP, y2: HEIGHT });
  const leave = () => {
    pointer.remove();
    readout.hidden = true;
  };
  drawing.addEventListener("pointerleave", leave);
  drawing.addEventListener("pointermove", (event) => {
    const place = event.clientX - drawing.getBoundingClientRect().left - LEFT;
    const half = 8;
    const near = (points) => {
      const found = before(points, scale.time(Math.max(0, Math.min(scale.width, place)) + half));
      return found;
    };
    const rows = inside.filter(({ points }) => points.length).map((each) => ({ ...each, point: near(each.points) }));
    if (!rows.length) return leave();
    const { at } = rows.reduce(
      (best, { point }) => (Math.abs(scale.x(point.at) - place) < Math.abs(scale.x(best.at) - place) ? point : best),
      rows[0].point,
    );
    pointer.setAttribute("x1", String(x(at)));
    pointer.setAttribute("x2", String(x(at)));
    drawing.append(pointer);
    rows.sort((a, b) => b.point.value - a.point.value);
    replace(
      readout,
      h("div", { class: "when" }, exactTime(at, zone)),
      h(
        "ul",
        {},
        rows
          .slice(0, 12)
          .map(({ name, number, point }) =>
            h(
              "li",
              {},
              h("span", { class: `dot series-${number % 12}` }),
              h("span", { class: "name" }, name),
              h("span", { class: "amount" }, write(point.value)),
            ),
          ),
      ),
    );
    readout.hidden = false;
    const left = x(at) + 12;
    readout.style.left = `${left + readout.offsetWidth > element.clientWidth ? Math.max(0, x(at) - 12 - readout.offsetWidth) : left}px`;
    readout.style.top = `${TOP}px`;
    return undefined;
  });
}

/** Draw bars: `bars` are `{name, value, title}`. */
export function drawBars(element, { bars, write, label }) {
  const width = Math.max(120, element.clientWidth || 400);
  const room = width - LEFT - RIGHT;
  const ticks = niceTicks(0, Math.max(1e-9, ...bars.map(({ value }) => value)));
  const high = ticks[ticks.length - 1] || 1;
  const y = (value) => TOP + (HEIGHT - TOP) * (1 - value / high);
  const each = Math.min(WIDEST_BAR, room / Math.max(1, bars.length));
  const longest = 16 + 6.5 * Math.max(0, ...bars.map(({ name }) => name.length));
  const every = Math.max(1, Math.ceil(longest / each));
  replace(
    element,
    svg(
      "svg",
      { class: "plot bars", role: "img", "aria-label": label, height: HEIGHT + AXIS, width },
      ticks.map((tick) => [
        svg("line", { class: "grid-line", x1: LEFT, x2: LEFT + room, y1: y(tick), y2: y(tick) }),
        svg("text", { x: LEFT - 6, y: y(tick) + 4, "text-anchor": "end" }, write(tick)),
      ]),
      bars.map(({ name, value, title }, number) =>
        svg(
          "g",
          { class: "series series-0" },
          svg("rect", {
            x: LEFT + number * each + Math.min(2, each * 0.1),
            y: y(value),
            width: Math.max(1, each - Math.min(4, each * 0.2)),
            height: Math.max(value > 0 ? 1 : 0, HEIGHT - y(value)),
          }),
          svg(
            "rect",
            { class: "hit", x: LEFT + number * each, y: TOP, width: each, height: HEIGHT - TOP },
            svg("title", {}, title),
          ),
          number % every === 0
            ? svg("text", { x: LEFT + (number + 0.5) * each, y: HEIGHT + 15, "text-anchor": "middle" }, name)
            : null,
        ),
      ),
    ),
  );
}
