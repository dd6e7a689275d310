/** Questions that differ only in what they aggregate, asked as one, and the answer taken apart again. */

const HEAVY = /^p\d/;
const ALONE = /^(histogram|countDistinct)$/;
const MOST = 24;

/** The key of an aggregation in answers. */
export const aggregationKey = ({ type, column }) => type + column[0].toUpperCase() + column.slice(1);

const listOf = ({ aggregations }) => aggregations ?? [];

const isHeavy = (body) => listOf(body).some(({ type }) => HEAVY.test(type));

/** The same text whatever the order of members. */
export const textOf = (body) => JSON.stringify(Object.entries(body).sort(([a], [b]) => (a < b ? -1 : 1)));

/** What questions that can be asked as one have in common; light ones don't wait for heavy ones. */
export function common(body) {
  const isAlone = listOf(body).some(({ type }) => ALONE.test(type));
  return isAlone ? textOf(body) : textOf({ ...body, aggregations: isHeavy(body) ? "heavy" : "light" });
}

/** The question of several that have the same in common. */
export function combined(bodies) {
  const all = new Map(bodies.flatMap(listOf).map((each) => [aggregationKey(each), each]));
  return all.size ? { ...bodies[0], aggregations: [...all.values()] } : bodies[0];
}

/** Tell whether a question has room beside others. */
export const fits = (bodies, body) => !bodies.length || listOf(combined([...bodies, body])).length <= MOST;

/** The data points of one of several questions. */
export function partOf(points, body, whole) {
  const own = new Set(listOf(body).map(aggregationKey));
  const others = listOf(whole)
    .map(aggregationKey)
    .filter((key) => !own.has(key));
  if (!others.length) return points;
  const isLeftOut = new Set([...others, ...own]);
  const part = points.map((point) => {
    const kept = Object.entries(point).filter(([key]) => !isLeftOut.has(key));
    return Object.fromEntries([...kept, ...[...own].filter((key) => key in point).map((key) => [key, point[key]])]);
  });
  return Object.assign(part, { otherGroups: points.otherGroups });
}
