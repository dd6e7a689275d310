/** The chart of a panel: its canvas, its legend, and what happens to them when figures, size or colours change. */

import { seriesOf } from "./answers.js";
import { heatmapOf, heatmapOptions, optionsOf, pictureOf } from "./charts.js";
import { swatch } from "./colours.js";
import { h, replace } from "./dom.js";
import { measure } from "./format.js";
import { Overlay } from "./hover.js";
import { addFilter, previousWindow } from "./state.js";
import { onTheme } from "./theme.js";

/** When the library that draws is there: the page's modules run before it, so that they ask meanwhile. */
export const canDraw = new Promise((resolve) => {
  if (window.echarts) resolve();
  else document.addEventListener("DOMContentLoaded", resolve, { once: true });
});

/** Sizes change of many charts at once: one observer for all. */
const sizes = new ResizeObserver((entries) => entries.forEach(({ target }) => target.resized?.()));

function entry({ name, filters, look }) {
  const content = [swatch(look), h("span", { class: "name" }, name)];
  if (!filters.length) return h("span", { class: "entry", title: name }, content);
  const choose = () => filters.forEach(([field, value]) => addFilter(field, String(value)));
  return h("button", { type: "button", title: `Show ${name} only`, onclick: choose }, content);
}

const note = (left) =>
  left ? [h("span", { class: "entry" }, `${left} smaller ones are not drawn: see them as a table`)] : [];

function summary({ title, unit }, { series }) {
  const last = ({ data }) => data.findLast((each) => each !== null) ?? null;
  const said = series.slice(0, 4).map((each) => `${each.name} ${measure(last(each), unit)}`);
  return `${title}, chart over time. Last: ${said.join(", ") || "nothing"}. Arrow keys read values.`;
}

/** Make a chart in the body of a panel; returns `{draw, dispose, toggleLogarithmic, isLogarithmic}`. */
export function plot(body, panel) {
  const drawing = h("div", { class: "drawing" });
  const element = h("div", { class: "chart", tabindex: "0", role: "img", "aria-label": panel.title }, drawing);
  const legend = h("div", { class: "legend" });
  replace(body, element, legend);
  const chart = echarts.init(drawing, null, { renderer: "canvas", devicePixelRatio: window.devicePixelRatio });
  const marks = new Overlay(chart, element, panel.unit);
  const self = { isLogarithmic: false };
  let answers = null;
  let size = { width: drawing.clientWidth, height: drawing.clientHeight };

  /** Measure anew; tells whether the size is another one than before. */
  function measured() {
    const { width, height } = size;
    size = { width: element.clientWidth, height: element.clientHeight };
    return size.width !== width || size.height !== height;
  }

  function picture() {
    const [points, before] = answers;
    if (panel.kind === "heatmap") return heatmapOf(panel, points);
    return pictureOf(panel, points, before && seriesOf(panel, before, previousWindow()));
  }

  function draw(next) {
    answers = next;
    const drawn = picture();
    const isLegend = !drawn.cells && !(drawn.series.length === 1 && drawn.series[0].isWhole);
    replace(legend, isLegend ? drawn.series.map(entry) : [], note(drawn.left));
    legend.hidden = !legend.childNodes.length;
    if (measured()) chart.resize(); // the legend takes its room first
    const how = { ...size, isLogarithmic: self.isLogarithmic };
    const options = drawn.cells ? heatmapOptions(panel, drawn, how) : optionsOf(panel, drawn, how);
    chart.setOption(options, { notMerge: true });
    marks.set(drawn);
    element.setAttribute("aria-label", drawn.cells ? `${panel.title}, heat map over time` : summary(panel, drawn));
  }

  element.resized = () => {
    if (!measured()) return; // an observer tells the size at its start, too
    chart.resize();
    if (answers) draw(answers);
  };
  sizes.observe(element);
  const stopTheme = onTheme(() => answers && draw(answers));
  Object.assign(self, {
    draw,
    toggleLogarithmic() {
      self.isLogarithmic = !self.isLogarithmic;
      draw(answers);
    },
    dispose() {
      stopTheme();
      sizes.unobserve(element);
      marks.dispose();
      chart.dispose();
    },
  });
  return self;
}
