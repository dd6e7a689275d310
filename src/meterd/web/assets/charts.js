/** Lines, areas, bars and heat maps over time: what ECharts is told to draw. What is pointed at is in `hover.js`. */

import { isAdditive, seriesOf } from "./answers.js";
import { binAxis, grid, timeAxis, valueAxis } from "./axes.js";
import { OTHER, looksOf } from "./colours.js";
import { colour, faint } from "./theme.js";

const LINE = 1.75;
const EDGE = 1;
const moreContrast = matchMedia("(prefers-contrast: more)");

/** Patterns beside colours, for those who ask their system for more contrast. */
const patterns = () => ({ enabled: moreContrast.matches, decal: { show: true } });

/** What is drawn of a panel: its series with looks, their buckets, and those of the window before. */
export function pictureOf(panel, points, before) {
  const picture = seriesOf(panel, points);
  const looks = looksOf(picture.series.filter(({ isOther }) => !isOther).map(({ name }) => name));
  picture.series.forEach((each) => Object.assign(each, { look: each.isOther ? OTHER : looks.get(each.name) }));
  const whole = picture.series.find(({ isWhole }) => isWhole);
  if (whole) whole.look = { ...whole.look, token: "series-0" };
  picture.isStacked = panel.kind !== "lines" && picture.series.every(({ value }) => isAdditive(value));
  if (before) picture.before = linesBefore(picture, before);
  return picture;
}

/** Lines of the window before: of each series, or of the total where they are stacked. */
function linesBefore(picture, { series }) {
  if (!picture.isStacked || series.length === 1) {
    const looks = new Map(picture.series.map(({ name, look }) => [name, look]));
    return series
      .filter(({ name }) => looks.has(name))
      .map(({ name, data }) => ({ name, data, look: looks.get(name) }));
  }
  const data = series[0]?.data.map((_, place) => series.reduce((sum, each) => sum + (each.data[place] ?? 0), 0)) ?? [];
  return [{ name: "Total", data, look: OTHER }];
}

const isAlone = (data, place) =>
  data[place] !== null && (data[place - 1] ?? null) === null && (data[place + 1] ?? null) === null;

/** A point with a mark at the end of a line, and where a line would have no length. */
function marked(data, symbol) {
  const last = data.findLastIndex((each) => each !== null);
  return data.map((value, place) => (place === last || isAlone(data, place) ? pointed(value, symbol) : value));
}

const pointed = (value, symbol) => (value === null ? null : { value, symbol, symbolSize: 6 });

/** Marks where there is nothing beside a point of a bucket that isn't over, which a line would not show. */
const markedAlone = (data, symbol, places) =>
  data.map((value, place) => (places.has(place) && isAlone(data, place) ? pointed(value, symbol) : value));

/** What is over: values of buckets that are whole, and of those beside the others, so that lines meet. */
function split({ data }, partial) {
  const whole = data.map((value, place) => (partial.has(place) ? null : value));
  const touches = (place) => [place - 1, place, place + 1].some((each) => partial.has(each));
  return { whole, running: data.map((value, place) => (touches(place) ? value : null)) };
}

function lines(panel, picture) {
  const isArea = panel.kind === "areas";
  return picture.series.flatMap((series, number) => {
    const { whole, running } = split(series, picture.partial);
    const color = colour(series.look.token);
    const common = {
      type: "line",
      name: series.name,
      color,
      symbol: "none",
      showAllSymbol: true, // of the few that are marked, also those between labels of the axis
      cursor: "crosshair",
      silent: true,
      z: 3 + (isArea ? 0 : 20 - number),
    };
    const stacked = (name) => (picture.isStacked ? { stack: name, stackStrategy: "all" } : {});
    const fill = (opacity) => (isArea ? { areaStyle: { color: faint(series.look.token, opacity) } } : {});
    const width = isArea && picture.series.length > 1 ? EDGE : LINE;
    return [
      {
        ...common,
        ...stacked("whole"),
        ...fill(width === EDGE ? 0.55 : 0.16),
        id: `${number}`,
        data: picture.isStacked ? whole : marked(whole, series.look.symbol),
        lineStyle: { width, color },
      },
      {
        ...common,
        ...stacked("running"),
        ...fill(0.1),
        id: `${number} running`,
        data: picture.isStacked ? running : markedAlone(running, series.look.symbol, picture.partial),
        lineStyle: { width, color, type: [3, 3] },
      },
    ];
  });
}

function bars(panel, picture) {
  return picture.series.map((series, number) => ({
    type: "bar",
    id: `${number}`,
    name: series.name,
    silent: true,
    stack: picture.isStacked ? "all" : undefined,
    barCategoryGap: "15%",
    barMaxWidth: 32,
    itemStyle: { color: colour(series.look.token) },
    data: series.data.map((value, place) =>
      picture.partial.has(place) ? { value, itemStyle: unfinished(series.look.token) } : value,
    ),
  }));
}

const unfinished = (token) => ({
  color: faint(token, 0.35),
  borderColor: colour(token),
  borderType: "dashed",
  borderWidth: 1,
});

const previous = ({ before = [] }) =>
  before.map(({ name, data, look }, number) => ({
    type: "line",
    id: `before ${number}`,
    name: `${name}, window before`,
    data,
    silent: true,
    symbol: "none",
    z: 2,
    lineStyle: { width: 1.25, color: faint(look.token, 0.6), type: [1, 3], cap: "round" },
  }));

/** What ECharts is told to draw. */
export function optionsOf(panel, picture, { width, height, isLogarithmic }) {
  const isBars = panel.kind === "bars";
  return {
    animation: false,
    aria: patterns(),
    grid,
    xAxis: timeAxis(picture.starts, width, isBars),
    yAxis: valueAxis(panel.unit, { isLogarithmic, height }),
    series: [...(isBars ? bars(panel, picture) : lines(panel, picture)), ...previous(picture)],
  };
}

/** Cells of a heat map: `{starts, bins, cells: [[bucket, bin, count]], column}`. */
export function heatmapOf(panel, points) {
  const picture = seriesOf({ ...panel, series: undefined, value: "total" }, points);
  const key = Object.keys(points[0] ?? {}).find((each) => each.startsWith("histogram"));
  const found = new Map();
  for (const point of points) for (const bin of point[key] ?? []) found.set(bin.from, bin);
  const bins = [...found.values()].sort((a, b) => a.to - b.to);
  const rows = new Map(bins.map(({ from }, row) => [from, row]));
  const places = new Map(picture.starts.map((start, place) => [start, place]));
  const counts = new Map();
  for (const point of points) {
    for (const { from, count } of point[key] ?? []) {
      const at = `${places.get(Date.parse(point.startTimestamp))} ${rows.get(from)}`;
      counts.set(at, (counts.get(at) ?? 0) + count);
    }
  }
  const { column } = panel.query.aggregations?.find(({ type }) => type === "histogram") ?? {};
  return {
    ...picture,
    column,
    bins,
    cells: [...counts].filter(([, count]) => count).map(([at, count]) => [...at.split(" ").map(Number), count]),
  };
}

/** What ECharts is told to draw of a heat map; the colour is that of the count's logarithm. */
export function heatmapOptions(panel, { starts, bins, cells }, { width }) {
  const most = Math.max(1, ...cells.map(([, , count]) => Math.log1p(count)));
  return {
    animation: false,
    grid,
    xAxis: timeAxis(starts, width, true),
    yAxis: binAxis(bins, panel.unit),
    visualMap: {
      show: false,
      min: 0,
      max: most,
      dimension: 2,
      inRange: { color: [faint("accent", 0.12), colour("accent")] },
    },
    series: [
      {
        type: "heatmap",
        silent: true,
        data: cells.map(([place, bin, count]) => [place, bin, Math.log1p(count)]),
        itemStyle: { borderWidth: 0 },
      },
    ],
  };
}
