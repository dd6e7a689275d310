/** A list of the largest groups, each with its part of the whole as a bar. */

import { groupFilters, groupName, isAdditive, namingGroups, valueOf } from "./answers.js";
import { h, replace } from "./dom.js";
import { exact, measure, share } from "./format.js";
import { addFilter } from "./state.js";

const MOST = 50;

/** Rows of the list, largest first, the rest last. */
export function rowsOf(panel, points) {
  const fields = namingGroups(panel);
  const groups = new Map();
  for (const point of points) {
    const name = groupName(point, fields, points.otherGroups);
    const key = `${point.other ? 1 : 0} ${JSON.stringify(fields.length ? groupFilters(point, fields) : [])} ${name}`;
    if (!groups.has(key))
      groups.set(key, { name, points: [], filters: groupFilters(point, fields), isOther: Boolean(point.other) });
    groups.get(key).points.push(point);
  }
  const rows = [...groups.values()].map((row) => ({ ...row, amount: valueOf(row.points, panel.value) }));
  return rows.sort(
    (a, b) => Number(a.isOther) - Number(b.isOther) || (b.amount ?? -Infinity) - (a.amount ?? -Infinity),
  );
}

function item(panel, row, most, whole) {
  const bar = row.isOther ? null : h("div", { class: "bar" });
  if (bar) bar.style.width = `${most && row.amount > 0 ? Math.min(100, (row.amount / most) * 100) : 0}%`;
  const choose = () => row.filters.forEach(([field, value]) => addFilter(field, String(value)));
  const name = row.filters.length
    ? h("button", { class: "name", type: "button", title: `Show ${row.name} only`, onclick: choose }, row.name)
    : h("span", { class: "name", title: row.name }, row.name);
  return h(
    "li",
    { class: row.isOther ? "rest" : "" },
    bar,
    name,
    h("span", { class: "amount", title: exact(row.amount, panel.unit) }, measure(row.amount, panel.unit)),
    whole ? h("span", { class: "part" }, share(row.amount === null ? null : row.amount / whole)) : null,
  );
}

/** What the rows are parts of; 0 where they are none: one fact counts in each of its teams. */
function wholeOf({ value = "total", query }, { totals = [] }, rows) {
  if (!isAdditive(value)) return 0;
  if (totals.length) return valueOf(totals, value) ?? 0;
  return query.groupBy?.includes("team") ? 0 : rows.reduce((sum, { amount }) => sum + (amount ?? 0), 0);
}

/** Draw the list into its panel. */
export function draw(body, panel, [points]) {
  const rows = rowsOf(panel, points);
  const shown = rows.slice(0, MOST);
  const most = Math.max(...rows.filter(({ isOther }) => !isOther).map(({ amount }) => amount ?? 0));
  const whole = wholeOf(panel, points, rows);
  const left = rows.length - shown.length;
  const list = h(
    "ol",
    { class: "top", "aria-label": panel.title },
    shown.map((row) => item(panel, row, most, whole)),
    left > 0 ? h("li", { class: "rest" }, h("span", { class: "name" }, `${left} more: see them as a table`)) : null,
  );
  const scrolled = body.querySelector(".top")?.scrollTop ?? 0;
  replace(body, list);
  list.scrollTop = scrolled;
  return `${panel.title}: ${shown
    .slice(0, 3)
    .map(({ name, amount }) => `${name} ${measure(amount, panel.unit)}`)
    .join(", ")}`;
}
