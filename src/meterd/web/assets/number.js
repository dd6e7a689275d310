/** A number, how it compares to the window before, and a small line of how it came about. */

import { isAdditive, seriesOf, valueOf } from "./answers.js";
import { h, icon, replace, svg } from "./dom.js";
import { exact, measure, share } from "./format.js";
import { currentWindow, state, WINDOWS } from "./state.js";
import { AT_ONCE, OVER_TIME, bodyBefore, bodyOf } from "./questions.js";

const canBeAdded = (value = "total") =>
  typeof value === "string"
    ? isAdditive(value)
    : isAdditive(value.of) && (typeof value.part !== "string" || isAdditive(value.part));

/** What is asked: over time, before, and over the whole window where that is no sum of its parts. */
export function questions({ query, value }) {
  const asked = [bodyOf(query, currentWindow(), OVER_TIME), bodyBefore(query, AT_ONCE)];
  return canBeAdded(value) ? asked : [...asked, bodyOf(query, currentWindow(), AT_ONCE)];
}

/** The value of the window; of no facts at all it is what the engine says of none. */
function total({ value }, overTime, atOnce) {
  if (atOnce) return valueOf(atOnce, value);
  return valueOf(overTime, value) ?? (isAdditive(value ?? "total") ? 0 : null);
}

function direction(difference, better) {
  if (!better || difference === 0) return "";
  return difference > 0 === (better === "more") ? "good" : "bad";
}

/** How much it changed: `+12.3 %` and, in the panel's unit, `+1,234`; shares change by points. */
function change(value, before, unit) {
  const difference = value - before;
  const sign = difference > 0 ? "+" : "−";
  if (unit === "share")
    return { relative: `${sign}${share(Math.abs(difference)).replace("%", "points")}`, absolute: "" };
  const absolute = `${sign}${measure(Math.abs(difference), unit)}`;
  if (Math.abs(difference) > MOST_TIMES * Math.abs(before)) return { relative: absolute, absolute: "" };
  return { relative: `${sign}${share(Math.abs(difference / before))}`, absolute };
}

function windowBefore() {
  const { name } = state().window;
  const known = WINDOWS.find((each) => each.name === name);
  return known
    ? known.label.replace(/^Last (\d+ )?/, (_, count) => `the ${count ?? ""}`).concat(" before")
    : "the window before";
}

function comparison(value, before, { unit, better }) {
  if (value === null || before === null) return h("div", { class: "compared" }, "nothing before");
  const difference = value - before;
  if (difference === 0) return h("div", { class: "compared" }, "unchanged");
  const { relative, absolute } = change(value, before, unit);
  const title = `${measure(before, unit)} in ${windowBefore()}`;
  return h(
    "div",
    { class: `compared ${direction(difference, better)}`, title },
    icon(difference > 0 ? "up" : "fall"),
    h("strong", {}, relative),
    absolute && h("span", {}, absolute),
    h("span", { class: "than" }, `on ${windowBefore()}`),
  );
}

const MOST_TIMES = 10;
const WIDTH = 100;
const HEIGHT = 24;

/** A line from values over time; null leaves a gap. */
function path(data, most, places) {
  let pen = "M";
  return data
    .map((value, place) => {
      if (value === null || !places(place)) {
        pen = "M";
        return "";
      }
      const [x, y] = [(place / (data.length - 1)) * WIDTH, HEIGHT - (value / most) * HEIGHT];
      const step = `${pen}${x.toFixed(2)} ${y.toFixed(2)}`;
      pen = "L";
      return step;
    })
    .join("");
}

function spark(panel, points) {
  const {
    series: [line],
    partial,
  } = seriesOf({ ...panel, query: { ...panel.query, groupBy: [] }, series: undefined, kind: "lines" }, points);
  if (!line || line.data.length < 2) return null;
  const most = Math.max(...line.data.map((each) => each ?? 0)) || 1;
  const touches = (place) => [place - 1, place, place + 1].some((each) => partial.has(each));
  const whole = path(line.data, most, (place) => !partial.has(place));
  return svg(
    "svg",
    { class: "spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("path", { class: "line", d: whole }),
    svg("path", { class: "running", d: path(line.data, most, touches) }),
  );
}

/** Draw the number into its panel. */
export function draw(body, panel, [overTime, before, atOnce]) {
  const value = total(panel, overTime, atOnce);
  const earlier = valueOf(before, panel.value);
  replace(
    body,
    h(
      "div",
      { class: "figure" },
      h("div", { class: "value", title: exact(value, panel.unit) }, measure(value, panel.unit)),
      comparison(value, earlier, panel),
      spark(panel, overTime),
    ),
  );
  return `${panel.title}: ${measure(value, panel.unit)}`;
}
