/** Data points put together again: what one question answers, made of what a finer one does. */

const TIMES = ["startTimestamp", "endTimestamp"];

const add = (sum, value) => (sum === null ? value : value === null ? sum : sum + value);

const without = (point, names) => Object.fromEntries(Object.entries(point).filter(([key]) => !names.includes(key)));

/** The sums of some points; null is no value, of none the sum is null. */
const sumsOf = (points, keys) =>
  Object.fromEntries(keys.map((key) => [key, points.map((point) => point[key]).reduce(add, null)]));

/** Points by what `name` says of each. */
function by(points, name) {
  const found = new Map();
  for (const point of points) {
    const key = JSON.stringify(name(point));
    if (found.has(key)) found.get(key).push(point);
    else found.set(key, [point]);
  }
  return [...found.values()];
}

/** Points without the fields `finer`, each the sum of those that differ in nothing else; `keys` are what is added up. */
export function folded(points, finer, keys) {
  const rest = (point) => without(point, [...finer, ...keys]);
  return by(points, rest).map((alike) => ({ ...rest(alike[0]), ...sumsOf(alike, keys) }));
}

/** Compare as answers are ordered, what is null last. */
function compare(one, other) {
  if (one === other) return 0;
  if (one === null || other === null) return one === null ? 1 : -1;
  return one < other ? -1 : 1;
}

const downwards = (one, other) => (one === null || other === null ? compare(one, other) : compare(other, one));

const nothing = (group) => Object.fromEntries(Object.keys(group).map((key) => [key, null]));

/**
 * The first groups of all, and the rest as one at each time, as `orderBy`, `limit` and `other` of a question say; `keys` are
 * what is added up.
 */
export function firstGroups(points, { orderBy, limit }, keys) {
  const values = (point) => without(point, [...TIMES, ...keys]);
  const ranked = by(points, values).map((alike) => ({ alike, group: values(alike[0]), ...sumsOf(alike, keys) }));
  const byValues = (one, other) =>
    Object.keys(one.group).reduce((order, key) => order || compare(one.group[key], other.group[key]), 0);
  ranked.sort((a, b) => downwards(a[orderBy], b[orderBy]) || downwards(a.total, b.total) || byValues(a, b));
  const beyond = ranked.slice(limit);
  const rest = folded(
    beyond.flatMap(({ alike }) => alike),
    Object.keys(ranked[0]?.group ?? {}),
    keys,
  ).map((point) => ({ ...point, ...nothing(ranked[0].group), other: true }));
  const first = [...ranked.slice(0, limit).flatMap(({ alike }) => alike), ...rest];
  first.sort((a, b) => compare(a.startTimestamp ?? "", b.startTimestamp ?? ""));
  return Object.assign(first, { otherGroups: beyond.length || undefined });
}
