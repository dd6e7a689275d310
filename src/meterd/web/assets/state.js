/** The address is the state: window, comparison, zone, refresh, filters, the panel opened. */

import { fromLocal, zoneOffset } from "./format.js";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const WINDOWS = [
  { name: "15m", label: "Last 15 minutes", length: 15 * MINUTE },
  { name: "1h", label: "Last hour", length: HOUR },
  { name: "6h", label: "Last 6 hours", length: 6 * HOUR },
  { name: "24h", label: "Last 24 hours", length: DAY },
  { name: "7d", label: "Last 7 days", length: 7 * DAY },
  { name: "30d", label: "Last 30 days", length: 30 * DAY },
  { name: "90d", label: "Last 90 days", length: 90 * DAY },
];
const DEFAULT_WINDOW = "24h";
const REFRESHES = { off: 0, "10s": 10 * SECOND, "30s": 30 * SECOND, "1m": MINUTE, "5m": 5 * MINUTE };
export const REFRESH_NAMES = Object.keys(REFRESHES);

const INTERVALS = [
  [1, "second", SECOND],
  [5, "second", 5 * SECOND],
  [15, "second", 15 * SECOND],
  [1, "minute", MINUTE],
  [5, "minute", 5 * MINUTE],
  [15, "minute", 15 * MINUTE],
  [1, "hour", HOUR],
  [2, "hour", 2 * HOUR],
  [6, "hour", 6 * HOUR],
  [1, "day", DAY],
  [1, "week", 7 * DAY],
  [4, "week", 28 * DAY],
  [26, "week", 182 * DAY],
];
const MOST_BUCKETS = 120;
const MOST_DRAWN = 5000;
const ROUND_PARTS = 60;
const FIRST_MONDAY = 4 * DAY;

export const boot = JSON.parse(document.getElementById("boot")?.textContent || "{}");
const listeners = new Set();
let now = Date.now();
let parsed = null;

/** Tell whether a zone is one that this browser knows. */
export function isZone(name) {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

const escaped = (text) => String(text).replace(/[%:,]/g, encodeURIComponent);

function unescaped(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Write a filter as it stands in the address. */
export const filterText = ({ field, operator, values }) =>
  `${escaped(field)}:${operator}:${values.map(escaped).join(",")}`;

function readFilter(text) {
  const [field, operator, values] = text.split(":");
  if (!field || !operator || values === undefined) return null;
  return { field: unescaped(field), operator, values: values.split(",").map(unescaped) };
}

function readWindow(text) {
  if (WINDOWS.some(({ name }) => name === text)) return { name: text };
  const [start, end] = (text ?? "").split("/").map((each) => new Date(each));
  const isRange = start && end && start < end;
  return isRange ? { name: "custom", start, end } : { name: boot.window ?? DEFAULT_WINDOW };
}

function parse() {
  const parameters = new URLSearchParams(location.search);
  const zone = parameters.get("zone");
  const refresh = parameters.get("refresh");
  return {
    window: readWindow(parameters.get("window")),
    compare: parameters.get("compare") === "previous" ? "previous" : "",
    zone: zone && isZone(zone) ? zone : (boot.zone ?? "UTC"),
    refresh: refresh in REFRESHES ? refresh : "off",
    filters: parameters.getAll("f").map(readFilter).filter(Boolean),
    panel: parameters.get("panel") ?? "",
  };
}

/** The state in the address, parsed. Filters are `{field, operator, values}`. */
export function state() {
  parsed ??= parse();
  return parsed;
}

/** How often the page asks again by itself, in milliseconds; 0 is never. */
export const refreshPeriod = () => REFRESHES[state().refresh];

const iso = (date) => new Date(date).toISOString().replace(".000Z", "Z");

/** Write two instants as a window of the address. */
export const windowText = (start, end) => `${iso(start)}/${iso(end)}`;

function written(changes) {
  const parameters = new URLSearchParams(location.search);
  const standards = {
    window: boot.window ?? DEFAULT_WINDOW,
    compare: "",
    zone: boot.zone ?? "UTC",
    refresh: "off",
    panel: "",
  };
  for (const [name, value] of Object.entries(changes)) {
    parameters.delete(name === "filters" ? "f" : name);
    if (name === "filters") value.forEach((each) => parameters.append("f", filterText(each)));
    else if (value && value !== standards[name]) parameters.set(name, value);
  }
  return parameters.toString().replaceAll("%2F", "/").replaceAll("%3A", ":").replaceAll("%2C", ",");
}

/** The address of this page, or of another, with changes to the state. */
export function addressWith(changes, path = location.pathname) {
  const query = written(changes);
  return query ? `${path}?${query}` : path;
}

function tell(reason) {
  parsed = null;
  if (reason !== "panel") now = Date.now();
  listeners.forEach((listener) => listener({ reason }));
}

/** Change the state: `window` (a name, or `ISO/ISO`), `compare`, `zone`, `refresh`, `filters`, `panel`, and others. */
export function update(changes, { replace = false } = {}) {
  const address = addressWith(changes);
  if (address === location.pathname + location.search) return;
  history[replace ? "replaceState" : "pushState"](null, "", address);
  tell(Object.keys(changes).every((name) => name === "panel") ? "panel" : "change");
}

/** Call a listener with `{reason}`: after each change (`change`, `panel`, `back`), when figures are due (`refresh`). */
export function onChange(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Move a window that ends now to this moment. */
export const refreshNow = () => tell("refresh");

window.addEventListener("popstate", () => tell("back"));

/** Add a filter, or a value to one of the same field. */
export function addFilter(field, value, operator = operatorFor(field)) {
  const filters = state().filters.map((each) => ({ ...each, values: [...each.values] }));
  const same = filters.find((each) => each.field === field && each.operator === operator);
  if (!same) filters.push({ field, operator, values: [value] });
  else if (operator === "EQUAL") same.values = [value];
  else if (!same.values.includes(value)) same.values.push(value);
  update({ filters });
}

/** Filter by the values of a measure above one and up to another, if it can be filtered by; null is no bound. */
export function setRange(field, from, to) {
  if (!operatorsOf(field).includes("GREATER_THAN")) return;
  const bounds = [
    ["GREATER_THAN", from],
    ["LESS_THAN_EQUAL", to],
  ];
  const isBound = (each) => each.field === field && bounds.some(([operator]) => operator === each.operator);
  const others = state().filters.filter((each) => !isBound(each));
  const added = bounds.filter(([, value]) => value !== null);
  update({
    filters: [...others, ...added.map(([operator, value]) => ({ field, operator, values: [String(value)] }))],
  });
}

/** The operators that a field takes in filters, in the first datasource that has it. */
const operatorsOf = (field) => Object.values(boot.datasources ?? {}).find((fields) => field in fields)?.[field] ?? [];

/** The operator that means "is one of" for a field, or "is" where there is none. */
export function operatorFor(field) {
  const operators = operatorsOf(field);
  return ["IN", "ARRAY_HAS_ANY", "EQUAL"].find((each) => operators.includes(each)) ?? "IN";
}

const UNITS = { second: SECOND, minute: MINUTE, hour: HOUR, day: DAY, week: 7 * DAY };

/** An interval such as `6 hours`; months and years have no length, and are cut by the server alone. */
export function intervalOf(text) {
  const [, count, unit] = /^(\d+)\s+(\w+?)s?$/.exec(text) ?? [];
  const milliseconds = count * UNITS[unit];
  return { count, unit, text, milliseconds, seconds: milliseconds / 1000 };
}

function interval(length) {
  const [count, unit, milliseconds] =
    INTERVALS.find((each) => length / each[2] <= MOST_BUCKETS) ?? INTERVALS[INTERVALS.length - 1];
  return { count, unit, text: `${count} ${unit}`, milliseconds, seconds: milliseconds / 1000 };
}

/**
 * The window of the page as `{start, end, interval}`. One that ends now stays where it is until the next refresh, and
 * ends at a round time a little later, so that those who look at the same page ask the same.
 */
export function currentWindow() {
  const { window: chosen } = state();
  if (chosen.name === "custom") {
    return { start: chosen.start, end: chosen.end, interval: interval(chosen.end - chosen.start) };
  }
  const { length } = WINDOWS.find(({ name }) => name === chosen.name);
  const cut = interval(length);
  const step = cut.milliseconds / ROUND_PARTS;
  const end = Math.ceil(now / step) * step;
  return { start: new Date(end - length), end: new Date(end), interval: cut };
}

/** The window of the same length before it. */
export function previousWindow() {
  const { start, end, interval: same } = currentWindow();
  return { start: new Date(start - (end - start)), end: start, interval: same };
}

/** Starts of a window's buckets in milliseconds, cut in a zone as the query cuts them, and the end of the last. */
export function buckets({ start, end, interval: { milliseconds, unit } }, zone = state().zone) {
  if (!(milliseconds > 0) || (end - start) / milliseconds > MOST_DRAWN) return { starts: [], end: end.getTime() };
  const origin = unit === "week" ? FIRST_MONDAY : 0;
  const local = start.getTime() + zoneOffset(start.getTime(), zone);
  const found = new Set();
  let next = Math.floor((local - origin) / milliseconds) * milliseconds + origin;
  for (let at = fromLocal(next, zone); at < end.getTime(); at = fromLocal(next, zone)) {
    found.add(at);
    next += milliseconds;
  }
  return { starts: [...found].sort((a, b) => a - b), end: fromLocal(next, zone) };
}

/** The page's filters as a datasource takes them, and the names of those that it does not know. */
export function splitFilters(datasource) {
  const known = boot.datasources?.[datasource];
  const takes = ({ field, operator }) => !known || field.startsWith("metadata.") || known[field]?.includes(operator);
  const { filters } = state();
  return {
    filters: filters.filter(takes).map(asCondition),
    unknown: filters.filter((each) => !takes(each)).map(({ field }) => field),
  };
}

/** Those of the page's filters that a datasource knows, as conditions of the query. */
export const filtersFor = (datasource) => splitFilters(datasource).filters;

function asCondition({ field, operator, values }) {
  const isList = /^(NOT_)?IN$|^ARRAY_|^BETWEEN$/.test(operator);
  const name = field.startsWith("metadata.") ? { metadataKey: field.slice(9) } : { fieldName: field };
  const written = values.map((each) => valueFor(field, operator, each));
  return { ...name, operator, value: isList ? written : written[0] };
}

/** Numbers and booleans stand in the address as text: which fields hold them, their operators tell. */
function valueFor(field, operator, text) {
  const operators = operatorsOf(field);
  if (operators.includes("GREATER_THAN")) return Number(text);
  const isBoolean = operator === "IS_NULL" || (operators.length === 1 && operators[0] === "EQUAL");
  return isBoolean && /^(true|false)$/.test(text) ? text === "true" : text;
}
