/** Cards of the metrics of a session: each in the picture that its type needs. Figures are those of the metrics query. */

import { h, replace } from "./dom.js";
import { exact, number } from "./format.js";
import { drawBars, drawLines, roomOf } from "./session-plot.js";
import { ask, askJson } from "./query.js";
import { bucketBars, writerOf } from "./session-units.js";
import { makeScale } from "./time-scale.js";

const MOST_POINTS = 5000;
const MOST_CARDS = 60;
const MOST_LINES = 12;
const BUCKETS = 200;
const INTERVALS = [1, 5, 15, 60, 300, 900, 3600, 21600, 86400];
const keyOf = ({ name, type, unit }) => JSON.stringify([name, type, unit]);
const figure = (label, value, title) => h("div", { title }, h("dt", {}, label), h("dd", {}, value));

/** The cards: `show({data, range, short, zone})` asks and draws; figures are of the range. */
export class MetricCards {
  constructor({ range }) {
    this.onRange = range;
    this.element = h("div", { class: "cards" });
    this.search = h("input", {
      type: "search",
      placeholder: "Search metrics",
      "aria-label": "Search metrics",
      oninput: () => this.filter(),
    });
    this.note = h("p", { class: "note" });
    this.cards = new Map();
    this.wanted = null;
    this.seen = new IntersectionObserver(
      (entries) => entries.filter(({ isIntersecting }) => isIntersecting).forEach(({ target }) => this.onSeen(target)),
      { rootMargin: "200px" },
    );
    this.resized = new ResizeObserver(() => this.redraw());
    this.resized.observe(this.element);
  }

  body(more, range = this.shown.range) {
    const { data } = this.shown;
    const id = data.document.id;
    return {
      startTs: new Date(Math.floor(range.start)).toISOString(),
      endTs: new Date(Math.ceil(range.end) + 1).toISOString(),
      datasource: "sessionMetrics",
      filters: [{ fieldName: "session", operator: "EQUAL", value: id }, ...(more.filters ?? [])],
      ...Object.fromEntries(Object.entries(more).filter(([name]) => name !== "filters")),
    };
  }

  async show(shown) {
    this.shown = shown;
    this.wanted?.abort();
    this.wanted = new AbortController();
    const { signal } = this.wanted;
    const groupBy = ["name", "type", "unit"];
    const aggregations = ["avg", "min", "max", "p50", "increase"].map((type) => ({ type, column: "value" }));
    const whole = { start: Math.min(0, shown.range.start), end: shown.data.whole.end };
    try {
      const [found, totals] = await Promise.all([
        ask(this.body({ type: "distribution", groupBy, aggregations }), { signal }),
        ask(
          this.body(
            {
              type: "distribution",
              groupBy,
              aggregations: aggregations.slice(-1),
              filters: [{ fieldName: "type", operator: "EQUAL", value: "counter" }],
            },
            whole,
          ),
          { signal },
        ),
      ]);
      this.totals = new Map(totals.map((row) => [keyOf(row), row.increaseValue]));
      if (!signal.aborted) this.place(found);
    } catch (error) {
      if (error.name !== "AbortError")
        replace(this.element, h("div", { class: "state error", role: "alert" }, h("p", {}, error.message)));
    }
  }

  place(found) {
    const kept = new Map();
    const sorted = found.sort(
      (a, b) => String(a.name).localeCompare(String(b.name)) || String(a.type).localeCompare(String(b.type)),
    );
    for (const row of sorted.slice(0, MOST_CARDS)) {
      const key = keyOf(row);
      const card = this.cards.get(key) ?? this.card(row);
      kept.set(key, Object.assign(card, { row, isDrawn: false }));
      card.element.setAttribute("aria-busy", "true");
      replace(card.figures, this.figures(row));
    }
    for (const [key, { element }] of this.cards) if (!kept.has(key)) this.seen.unobserve(element);
    const isSame = [...kept.keys()].join() === [...this.cards.keys()].join() && this.element.childElementCount;
    this.cards = kept;
    if (!isSame) {
      replace(
        this.element,
        [...kept.values()].map(({ element }) => element),
      );
      if (!kept.size)
        replace(this.element, h("p", { class: "muted" }, "No points of metrics in the time that is shown."));
    }
    this.note.textContent =
      found.length > MOST_CARDS
        ? `${exact(MOST_CARDS)} of ${exact(found.length)} metrics are shown: the others can be asked for in Explore.`
        : "";
    this.filter();
    for (const { element } of kept.values()) {
      this.seen.unobserve(element);
      this.seen.observe(element);
    }
  }

  card(row) {
    const figures = h("dl", { class: "figures" });
    const plot = h("div", { class: "plot-box" });
    const percentiles = h("dl", { class: "figures" });
    const title = row.name || "without a name";
    const element = h(
      "article",
      { class: "card", "aria-label": title, "aria-busy": "true" },
      h(
        "header",
        {},
        h("h3", { title }, title),
        h("span", { class: "kind" }, [row.type, row.unit].filter(Boolean).join(", ")),
      ),
      figures,
      plot,
      percentiles,
    );
    return { element, figures, plot, percentiles };
  }

  figures(row) {
    const write = writerOf(row.unit);
    const of = (label, value) => figure(label, write(value), `${exact(value)}${row.unit ? ` ${row.unit}` : ""}`);
    const points = figure("Points", number(row.total), exact(row.total));
    if (row.type === "counter")
      return [of("Total", this.totals.get(keyOf(row))), of("Increase", row.increaseValue), points];
    if (row.type === "histogram") return [of("Mean", row.avgValue), points];
    return [
      of("Mean", row.avgValue),
      of("Median", row.p50Value),
      of("Min", row.minValue),
      of("Max", row.maxValue),
      points,
    ];
  }

  filter() {
    const word = this.search.value.trim().toLowerCase();
    for (const { element, row } of this.cards.values())
      element.hidden = Boolean(word) && !String(row.name).toLowerCase().includes(word);
  }

  onSeen(target) {
    const card = [...this.cards.values()].find(({ element }) => element === target);
    if (card && !card.isDrawn) this.fill(card);
  }

  redraw() {
    const width = this.element.clientWidth;
    if (width === this.width) return;
    this.width = width;
    for (const card of this.cards.values()) card.draw?.();
  }

  scale(element) {
    const { data, range, short } = this.shown;
    const times = short ? [...data.events, ...data.states].map((each) => each.at).sort((a, b) => a - b) : [];
    return makeScale(range, roomOf(element), { times, short });
  }

  async fill(card) {
    card.isDrawn = true;
    const { signal } = this.wanted;
    try {
      if (card.row.type === "histogram") await this.histogram(card, signal);
      else await this.lines(card, signal);
    } catch (error) {
      if (error.name !== "AbortError")
        replace(card.plot, h("p", { class: "state error", role: "alert" }, error.message));
    }
    if (!signal.aborted) card.element.setAttribute("aria-busy", "false");
  }

  filtersOf({ name, type }) {
    return [
      ["name", name],
      ["type", type],
    ].map(([fieldName, value]) =>
      value === null ? { fieldName, operator: "IS_NULL", value: true } : { fieldName, operator: "EQUAL", value },
    );
  }

  async lines(card, signal) {
    const { row } = card;
    const series = row.total <= MOST_POINTS ? await this.points(row, signal) : await this.buckets(row, signal);
    if (signal.aborted) return;
    card.draw = () =>
      drawLines(card.plot, {
        series,
        scale: this.scale(card.plot),
        zone: this.shown.zone,
        write: writerOf(row.unit),
        fromZero: row.type === "counter",
        steps: row.type === "counter",
        label: `${row.name} over time`,
        onRange: this.onRange,
      });
    card.draw();
  }

  /** All points, a line for each set of tags. */
  async points(row, signal) {
    const parameters = new URLSearchParams({
      collection: "metrics",
      brief: "true",
      limit: MOST_POINTS,
      name: row.name ?? "",
    });
    const { metrics } = await askJson(`${this.shown.data.address}?${parameters}`, { signal });
    const lines = new Map();
    for (const { timestamp, value, type, tags } of metrics) {
      if (type !== row.type) continue;
      const name = (tags ?? []).join(", ") || row.name;
      if (!lines.has(name)) lines.set(name, []);
      lines.get(name).push({ at: Date.parse(timestamp), value });
    }
    return [...lines]
      .slice(0, MOST_LINES)
      .map(([name, points]) => ({ name, points: points.sort((a, b) => a.at - b.at) }));
  }

  /** Of many points the mean, lowest and highest of each interval. */
  async buckets(row, signal) {
    const { start, end } = this.shown.range;
    const seconds = INTERVALS.find((each) => (end - start) / 1000 / each <= BUCKETS) ?? INTERVALS[INTERVALS.length - 1];
    const types = row.type === "counter" ? ["max"] : ["max", "avg", "min"];
    const aggregations = types.map((type) => ({ type, column: "value" }));
    const found = await ask(
      this.body({ type: "timeseries", interval: `${seconds} second`, aggregations, filters: this.filtersOf(row) }),
      { signal },
    );
    const line = (type, name) => ({
      name,
      points: found
        .map((each) => ({ at: Date.parse(each.startTs ?? each.timestamp), value: each[`${type}Value`] }))
        .filter(({ value }) => value !== null && value !== undefined),
    });
    return types.map((type) => line(type, { max: "highest", avg: "mean", min: "lowest" }[type]));
  }

  /** The buckets of each set of tags as its last point has them, added up, and percentiles of the range. */
  async histogram(card, signal) {
    const { row } = card;
    const percentiles = ["p50", "p90", "p99"];
    const asked = ask(
      this.body({
        type: "distribution",
        filters: this.filtersOf(row),
        aggregations: percentiles.map((type) => ({ type, column: "histogram" })),
      }),
      { signal },
    ).catch(() => []);
    const parameters = new URLSearchParams({
      collection: "metrics",
      brief: "true",
      limit: MOST_POINTS,
      name: row.name ?? "",
    });
    const { metrics } = await askJson(`${this.shown.data.address}?${parameters}`, { signal });
    const last = new Map();
    for (const each of metrics) {
      if (each.type === "histogram" && Date.parse(each.timestamp) <= this.shown.range.end)
        last.set((each.tags ?? []).join("\n"), each);
    }
    const wholes = await Promise.all(
      [...last.values()].slice(0, MOST_LINES).map((each) => this.shown.data.body("metrics", each)),
    );
    const [found] = await asked;
    if (signal.aborted) return;
    const write = writerOf(row.unit);
    if (found)
      replace(
        card.percentiles,
        percentiles.map((type) => figure(type, write(found[`${type}Histogram`]), exact(found[`${type}Histogram`]))),
      );
    const bars = bucketBars(wholes, write);
    card.draw = () =>
      bars.length
        ? drawBars(card.plot, { bars, write: (value) => number(value), label: `${row.name}: samples in each bucket` })
        : replace(card.plot, h("p", { class: "muted" }, "Its points have no buckets."));
    card.draw();
  }
}
