/** What is pointed at: the same moment in all charts of the page, a read-out in each, drag to zoom, click to filter. */

import { swatch } from "./colours.js";
import { announce, h, replace } from "./dom.js";
import { exact, measure, time } from "./format.js";
import { addFilter, setRange, state, update, windowText } from "./state.js";

const charts = new Set();
const SHORTEST_DRAG = 6;
const NEAR = 24;
const MOST_LINES = 14;

/** Show a moment in every chart, in one of them with all that is there. */
function point(moment, source, height) {
  charts.forEach((each) => each.show(moment, each === source, height));
}

const leave = () => charts.forEach((each) => each.hide());

/** The values of a bucket, largest first, with what is beside them. */
function entries(picture, place, unit) {
  const found = picture.series.map((series) => ({ ...series, amount: series.data[place] ?? null }));
  found.sort((a, b) => (b.amount ?? -Infinity) - (a.amount ?? -Infinity));
  if (picture.isStacked && found.length > 1) {
    const amount = found.reduce((sum, each) => sum + (each.amount ?? 0), 0);
    found.push({ name: "Total", amount });
  }
  for (const { name, data } of picture.before ?? [])
    found.push({ name: `${name}, window before`, amount: data[place] ?? null });
  return found.map((each) => ({ ...each, text: exact(each.amount, unit) }));
}

const binName = ({ from, to }, unit) =>
  from === null ? `up to ${measure(to, unit)}` : `${measure(from, unit)} to ${measure(to, unit)}`;

/** The entries of a heat map's bucket, or of one of its cells. */
function cellEntries({ cells, bins }, place, unit, row) {
  return cells
    .filter(([bucket, bin]) => bucket === place && (row === null || bin === row))
    .sort((a, b) => b[1] - a[1])
    .map(([, bin, count]) => ({
      name: binName(bins[bin], unit),
      text: exact(count),
    }));
}

function when(picture, place) {
  const { zone } = state();
  const start = picture.starts[place];
  const end = picture.starts[place + 1] ?? picture.end;
  const isDays = end - start >= 86400000;
  const from = time(start, { zone, precision: isDays ? "day" : end - start < 60000 ? "second" : "minute" });
  const to = isDays ? "" : ` – ${time(end, { zone, precision: end - start < 60000 ? "axisSecond" : "axisTime" })}`;
  return `${from}${to} ${zone}${picture.partial.has(place) ? ", not whole" : ""}`;
}

/** What lies over a chart: the pointer, the read-out and the selection. `picture` is what is drawn. */
export class Overlay {
  /** `chart` is ECharts', `element` holds it, `unit` is the panel's. */
  constructor(chart, element, unit) {
    Object.assign(this, { chart, element, unit, picture: null, shown: null, drag: null });
    this.pointer = h("div", { class: "pointer", hidden: true });
    this.readout = h("div", { class: "readout", hidden: true });
    this.selection = h("div", { class: "selection", hidden: true });
    element.append(this.pointer, this.selection, this.readout);
    this.#listen();
    charts.add(this);
  }

  #listen() {
    const { element } = this;
    element.addEventListener("pointermove", (event) => this.#onMove(event));
    element.addEventListener("pointerdown", (event) => this.#onDown(event));
    element.addEventListener("pointerup", (event) => this.#onUp(event));
    element.addEventListener("pointercancel", () => this.#endDrag());
    element.addEventListener("pointerleave", ({ pointerType }) => this.drag || pointerType === "touch" || leave());
    element.addEventListener("blur", leave);
    element.addEventListener("keydown", (event) => this.#onKey(event));
  }

  /** Take what is drawn now. */
  set(picture) {
    this.picture = picture;
    this.hide();
  }

  dispose() {
    charts.delete(this);
  }

  #area() {
    return this.chart.getModel().getComponent("grid").coordinateSystem.getRect();
  }

  #bucketAt(pixel) {
    const place = Math.round(this.chart.convertFromPixel({ xAxisIndex: 0 }, pixel));
    return Math.max(0, Math.min(this.picture.starts.length - 1, place));
  }

  #rowAt(pixel) {
    return this.picture.cells ? Math.round(this.chart.convertFromPixel({ yAxisIndex: 0 }, pixel)) : null;
  }

  /** Show a moment; the chart that is pointed at shows all that is there, at a height the cell of a heat map. */
  show(moment, isSource, height) {
    const { picture, element } = this;
    if (!picture || !element.isConnected) return;
    const bucket = moment < picture.end ? picture.starts.findLastIndex((start) => start <= moment) : -1;
    if (bucket < 0) {
      this.hide();
      return;
    }
    const row = isSource && height !== undefined ? this.#rowAt(height) : null;
    const key = `${bucket} ${isSource} ${row}`;
    if (key === this.shown) return;
    this.shown = key;
    this.bucket = bucket;
    this.#fill(bucket, isSource, row);
    this.readout.classList.toggle("far", !isSource);
    this.pointer.hidden = this.readout.hidden = false;
    this.#place(bucket);
  }

  hide() {
    this.shown = this.bucket = null;
    this.pointer.hidden = this.readout.hidden = true;
  }

  #fill(bucket, isSource, row) {
    const { picture, unit } = this;
    const found = picture.cells ? cellEntries(picture, bucket, unit, row) : entries(picture, bucket, unit);
    const all = isSource ? found : found.filter(({ amount }) => amount !== 0 && amount !== null);
    const most = isSource ? MOST_LINES : Math.max(1, Math.floor((this.#area().height - 8) / 18) - 1);
    const list = all
      .slice(0, most)
      .map(({ name, text, look }) =>
        h(
          "li",
          {},
          look ? swatch(look) : null,
          h("span", { class: "name" }, name),
          h("span", { class: "amount" }, text),
        ),
      );
    if (all.length > most) list.push(h("li", { class: "muted" }, `and ${all.length - most} more`));
    if (!all.length) list.push(h("li", { class: "muted" }, "nothing here"));
    const moment = isSource ? h("div", { class: "when" }, when(picture, bucket)) : null;
    replace(this.readout, moment, h("ul", {}, list));
  }

  #place(bucket) {
    const left = this.chart.convertToPixel({ xAxisIndex: 0 }, bucket);
    const { y, height } = this.#area();
    const width = this.element.clientWidth;
    Object.assign(this.pointer.style, { left: `${left}px`, top: `${y}px`, height: `${height}px` });
    const sides =
      left < width / 2 ? { left: `${left + 12}px`, right: "auto" } : { left: "auto", right: `${width - left + 12}px` };
    Object.assign(this.readout.style, { top: "0px", ...sides });
  }

  /** Where a pointer is, in pixels of the chart, and whether that is where something is drawn. */
  #offset(event) {
    const { left, top } = this.element.getBoundingClientRect();
    const [x, y] = [event.clientX - left, event.clientY - top];
    const area = this.#area();
    const isInside = x >= area.x - 4 && x <= area.x + area.width + 4 && y >= area.y && y <= area.y + area.height + 4;
    return { x, y, area, isInside };
  }

  #onMove(event) {
    if (!this.picture) return;
    const { x, y, area, isInside } = this.#offset(event);
    if (this.drag) {
      const from = this.drag.x;
      Object.assign(this.selection.style, {
        left: `${Math.min(from, x)}px`,
        width: `${Math.abs(x - from)}px`,
        top: `${area.y}px`,
        height: `${area.height}px`,
      });
      this.selection.hidden = Math.abs(x - from) < SHORTEST_DRAG;
    }
    if (isInside) point(this.picture.starts[this.#bucketAt(x)], this, y);
    else if (!this.drag) leave();
  }

  #onDown(event) {
    if (!this.picture || event.button !== 0 || !event.isPrimary) return;
    const { x, isInside } = this.#offset(event);
    if (!isInside) return;
    this.drag = { x, isTouch: event.pointerType === "touch", wasShown: this.bucket };
    this.element.setPointerCapture(event.pointerId);
  }

  #onUp(event) {
    if (!this.drag) return;
    const { x, y } = this.#offset(event);
    const { x: from, isTouch, wasShown } = this.drag;
    this.#endDrag();
    const bucket = this.#bucketAt(x);
    if (Math.abs(x - from) >= SHORTEST_DRAG)
      this.#zoom(this.#bucketAt(Math.min(from, x)), this.#bucketAt(Math.max(from, x)));
    else if (isTouch && wasShown !== bucket) point(this.picture.starts[bucket], this, y);
    else this.#choose(bucket, y);
  }

  #endDrag() {
    this.drag = null;
    this.selection.hidden = true;
  }

  #zoom(first, last) {
    const { starts, end } = this.picture;
    leave();
    update({ window: windowText(starts[first], Math.min(starts[last + 1] ?? end, Date.now())) });
  }

  /** Filter by the series that was pointed at, or by the bin of a heat map. A finger reads first, then chooses. */
  #choose(bucket, pixel) {
    const { picture, chart } = this;
    if (picture.cells) {
      const bin = picture.bins[this.#rowAt(pixel)];
      const isFilled = picture.cells.some(([place, row]) => place === bucket && picture.bins[row] === bin);
      if (isFilled) setRange(picture.column, bin.from, bin.to);
      return;
    }
    const series = picture.isStacked
      ? stackedAt(picture, bucket, chart.convertFromPixel({ yAxisIndex: 0 }, pixel))
      : nearest(picture, bucket, (value) => Math.abs(chart.convertToPixel({ yAxisIndex: 0 }, value) - pixel));
    series?.filters.forEach(([field, value]) => addFilter(field, String(value)));
  }

  /** Arrow keys move the pointer and say what is there. */
  #onKey(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!this.picture || !step) return;
    event.preventDefault();
    const { starts } = this.picture;
    const next = Math.max(0, Math.min(starts.length - 1, (this.bucket ?? starts.length) + step));
    point(starts[next], this);
    const said = [...this.readout.querySelectorAll("li")].map((each) => each.textContent);
    announce(`${when(this.picture, next)}: ${said.join(", ")}`);
  }
}

function stackedAt({ series }, bucket, value) {
  let sum = 0;
  return series.find(({ data }) => {
    sum += data[bucket] ?? 0;
    return value <= sum;
  });
}

function nearest({ series }, bucket, distanceOf) {
  const distance = ({ data }) => (data[bucket] === null ? Infinity : distanceOf(data[bucket]));
  const found = [...series].sort((a, b) => distance(a) - distance(b))[0];
  return found && distance(found) <= NEAR ? found : undefined;
}
