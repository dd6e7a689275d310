/** Units of metrics, and buckets of histograms, as people read them. */

import { bytes, duration, exact, number } from "./format.js";

const MILLISECONDS = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  millisecond: 1,
  milliseconds: 1,
  s: 1000,
  sec: 1000,
  second: 1000,
  seconds: 1000,
  min: 60_000,
  minutes: 60_000,
};
const BYTES = { byte: 1, bytes: 1, B: 1, KB: 1e3, KiB: 1024, MB: 1e6, MiB: 1024 ** 2, GB: 1e9, GiB: 1024 ** 3 };

/** How values in a unit are written: as durations and sizes where that is what they are. */
export function writerOf(unit) {
  if (unit in MILLISECONDS) return (value) => duration(value * MILLISECONDS[unit]);
  if (unit in BYTES) return (value) => bytes(value * BYTES[unit]);
  return (value) => number(value);
}

/** The buckets of the points of several sets of tags, added up, as bars. */
export function bucketBars(wholes, write) {
  const counts = new Map();
  for (const { metadata } of wholes) {
    if (!Array.isArray(metadata?.buckets)) continue;
    for (const { le, count } of metadata.buckets)
      if (Number.isFinite(count)) counts.set(Number(le), (counts.get(Number(le)) ?? 0) + count);
  }
  return [...counts]
    .sort(([a], [b]) => a - b)
    .slice(0, 200)
    .map(([le, value]) => ({ name: `≤ ${write(le)}`, value, title: `${exact(value)} up to ${write(le)}` }));
}
