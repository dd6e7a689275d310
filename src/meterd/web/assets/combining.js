/** Questions about the same facts, asked as one, and the answer taken apart again. */

import { firstGroups, folded } from "./folding.js";

const HEAVY = /^p\d/;
const ALONE = /^(histogram|countDistinct)$/;
const ADDED = /^(sum|count)$/;
const FEW = new Set(["isFailure"]);
const MOST = 24;
const MOST_GROUPS = 40;
const withMany = new Set();

/** The key of an aggregation in answers. */
export const aggregationKey = ({ type, column }) => type + column[0].toUpperCase() + column.slice(1);

const listOf = ({ aggregations }) => aggregations ?? [];

const groupsOf = ({ groupBy }) => groupBy ?? [];

const keysOf = (body) => ["total", ...listOf(body).map(aggregationKey)];

const isHeavy = (body) => listOf(body).some(({ type }) => HEAVY.test(type));

const isAdded = (body) => listOf(body).every(({ type }) => ADDED.test(type)) && !("totals" in body);

/** The same text whatever the order of members. */
export const textOf = (body) => JSON.stringify(Object.entries(body).sort(([a], [b]) => (a < b ? -1 : 1)));

/** Tell whether groups of few values may stand beside a question's own: what it asks is their sum. */
const canBeFiner = (body) =>
  isAdded(body) &&
  groupsOf(body).every((field) => FEW.has(field)) &&
  !["orderBy", "limit", "other"].some((member) => member in body);

const grouping = (body) => textOf([body.datasource, ...groupsOf(body)]);

/** Tell whether a question is for first groups, which follow from all groups where those are few. */
const isOfFirst = (body) =>
  isAdded(body) &&
  body.other === true &&
  body.limit < MOST_GROUPS &&
  !("order" in body) &&
  keysOf(body).includes(body.orderBy) &&
  !withMany.has(grouping(body));

/** What questions that can be asked as one have in common; light ones don't wait for heavy ones. */
export function common(body) {
  if (listOf(body).some(({ type }) => ALONE.test(type))) return textOf(body);
  if (canBeFiner(body)) return textOf({ ...body, groupBy: "few", aggregations: "added" });
  if (isOfFirst(body)) return textOf({ ...body, orderBy: "first", limit: "first", aggregations: "added" });
  return textOf({ ...body, aggregations: isHeavy(body) ? "heavy" : "light" });
}

const differIn = (bodies, member) => bodies.some((body) => body[member] !== bodies[0][member]);

/** The question of several that have the same in common. */
export function combined(bodies) {
  const all = new Map(bodies.flatMap(listOf).map((each) => [aggregationKey(each), each]));
  const groups = [...new Set(bodies.flatMap(groupsOf))];
  const isOfAll = differIn(bodies, "orderBy") || differIn(bodies, "limit");
  return {
    ...bodies[0],
    ...(groups.length ? { groupBy: groups } : {}),
    ...(all.size ? { aggregations: [...all.values()] } : {}),
    ...(isOfAll ? { orderBy: "total", limit: MOST_GROUPS } : {}),
  };
}

/** Tell whether a question has room beside others. */
export const fits = (bodies, body) => !bodies.length || listOf(combined([...bodies, body])).length <= MOST;

/** Tell whether there are too many groups to take an answer apart; the next time such questions are asked alone. */
export function hasTooMany(points, bodies, whole) {
  if (!points.otherGroups || bodies.every(({ limit }) => limit === whole.limit)) return false;
  bodies.forEach((body) => withMany.add(grouping(body)));
  return true;
}

function withoutOthers(points, body, whole) {
  const own = keysOf(body);
  const others = keysOf(whole).filter((key) => !own.includes(key));
  if (!others.length) return points;
  const aggregated = own.slice(1);
  const isLeftOut = new Set([...others, ...aggregated]);
  return points.map((point) => {
    const kept = Object.entries(point).filter(([key]) => !isLeftOut.has(key));
    return Object.fromEntries([...kept, ...aggregated.filter((key) => key in point).map((key) => [key, point[key]])]);
  });
}

/** What a question without groups answers over a whole window without facts: one point. */
const ofNothing = (body) =>
  Object.fromEntries([
    ["total", 0],
    ...listOf(body).map((each) => [aggregationKey(each), each.type === "count" ? 0 : null]),
  ]);

function coarser(points, finer, body) {
  const sums = folded(points, finer, keysOf(body));
  return sums.length || groupsOf(body).length || body.type !== "distribution" ? sums : [ofNothing(body)];
}

/** The data points of one of several questions. */
export function partOf(points, body, whole) {
  const part = withoutOthers(points, body, whole);
  if (body.limit !== whole.limit) return firstGroups(part, body, keysOf(body));
  const groups = groupsOf(body);
  const finer = groupsOf(whole).filter((field) => !groups.includes(field));
  return Object.assign(finer.length ? coarser(part, finer, body) : part, { otherGroups: points.otherGroups });
}
