/** From the declaration of a panel to the bodies that are asked, and to what a person copies. */

import { currentWindow, previousWindow, splitFilters, state } from "./state.js";

const ADDRESS = "/api/svc/v1/llm-gateway/metrics/query";

const PLACEHOLDERS = {
  $start: ({ start }) => start.toISOString(),
  $end: ({ end }) => end.toISOString(),
  $interval: ({ interval }) => interval.text,
  $zone: () => state().zone,
};

function filled(value, window, filters) {
  if (Array.isArray(value)) {
    return value.flatMap((each) => (each === "$filters" ? filters : [filled(each, window, filters)]));
  }
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, filled(each, window, filters)]));
  }
  return typeof value === "string" && Object.hasOwn(PLACEHOLDERS, value) ? PLACEHOLDERS[value](window) : value;
}

/** The body that a panel asks in a window; a member that is undefined in `changes` is left out. */
export function bodyOf(query, window = currentWindow(), changes = {}) {
  const { filters } = splitFilters(query.datasource);
  return JSON.parse(JSON.stringify(filled({ ...query, ...changes }, window, filters)));
}

/** The same question over the window before. */
export const bodyBefore = (query, changes) => bodyOf(query, previousWindow(), changes);

/** The same question cut into buckets. */
export const OVER_TIME = {
  type: "timeseries",
  interval: "$interval",
  timezone: "$zone",
  orderBy: undefined,
  limit: undefined,
  other: undefined,
};

/** The same question over the whole window. */
export const AT_ONCE = { type: "distribution", interval: undefined };

const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

/** A command that asks what a panel asks, for a shell with `METERD_TOKEN`. */
export function asCurl(body) {
  return [
    `curl ${quoted(location.origin + ADDRESS)} \\`,
    `  -H "Authorization: Bearer $METERD_TOKEN" -H "Content-Type: application/json" \\`,
    `  -d ${quoted(JSON.stringify(body, null, 2))}`,
  ].join("\n");
}

/** A value as Python writes it. */
function literal(value, indent = "") {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value !== "object") return JSON.stringify(value);
  const deeper = `${indent}    `;
  const isList = Array.isArray(value);
  const items = isList
    ? value.map((each) => deeper + literal(each, deeper))
    : Object.entries(value).map(([name, each]) => `${deeper}${JSON.stringify(name)}: ${literal(each, deeper)}`);
  const [opening, closing] = isList ? "[]" : "{}";
  return items.length ? `${opening}\n${items.join(",\n")},\n${indent}${closing}` : opening + closing;
}

/** A program that asks what a panel asks. It needs `httpx`, and `METERD_TOKEN` in its environment. */
export function asPython(body) {
  return `import os

import httpx

body = ${literal(body)}
answer = httpx.post(
    ${JSON.stringify(location.origin + ADDRESS)},
    headers={"Authorization": f"Bearer {os.environ['METERD_TOKEN']}"},
    json=body,
    timeout=60,
)
answer.raise_for_status()
for point in answer.json()["data"]["dataPoints"]:
    print(point)
`;
}

/** A cell of CSV: what a spreadsheet would take for a formula has an apostrophe before it. */
function cell(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  const safe = /^[^\p{L}\p{N}]*[=+\-@\t\r]/u.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Data points as CSV, a column for each member; null is an empty cell. */
export function asCsv(points) {
  const names = [...new Set(points.flatMap(Object.keys))];
  return (
    [names, ...points.map((point) => names.map((name) => point[name]))]
      .map((row) => row.map(cell).join(","))
      .join("\r\n") + "\r\n"
  );
}

const COUNTED = "ai_guard.classification"; // by the service alone
const ROWS = {
  guardrailMetrics: { guardrailName: "pii/mask", guardrailResult: "pass", latencyMs: 40 },
  modelMetrics: { modelName: "gpt-5-mini", inputTokens: 420, outputTokens: 180, costInUSD: 0.0021, latencyMs: 850 },
  cacheMetrics: { modelName: "gpt-5-mini", cacheLookupStatus: "hit", cacheHit: true, latencyMs: 12 },
  mcpMetrics: { method: "tools/call", latencyMs: 120 },
  configMetrics: { configType: "rate limit" },
  agentMetrics: { agentName: "support", latencyMs: 2400 },
  aiGuardMetrics: {
    meter: "ai_guard.user",
    value: 1,
    agent: "support",
    platform: "AMAZON_BEDROCK",
    newSession: "true",
    action: "redact",
    actor: "user",
  },
  processMetrics: { name: "nightly-import" },
  queueMetrics: { metric: "ActiveMessages", value: 3 },
  otlpMetrics: { metricName: "queue.length", metricType: "gauge" },
};

/** Fields by which panels tell kinds of facts apart; rows that are sent have members of these names. */
const KINDS = new Set(["guardrailResult", "isFailure", "meter", "method"]);

/** Each model call by itself is no kind of facts: it is counted once, not again as that of a virtual model. */
const isOfItself = ({ fieldName, operator, value }) =>
  fieldName === "virtualModelName" && operator === "IS_NULL" && value === true;

const ownFilters = ({ filters = [] }) => filters.filter((each) => each !== "$filters" && !isOfItself(each));

/** Tell whether a question is of some of the facts that its datasource has, whatever the filters of the page. */
export const isOfKind = (query) => ownFilters(query).length > 0;

/** Members of a fact that has what a question asks for itself. */
function membersOf(query) {
  const found = ownFilters(query).flatMap(({ fieldName, operator, value }) => {
    if (fieldName === "virtualModelName" && operator === "IS_NULL") return [[fieldName, "smart"]];
    return KINDS.has(fieldName) && ["EQUAL", "IN"].includes(operator) ? [[fieldName, [value].flat()[0]]] : [];
  });
  return Object.fromEntries(found);
}

/** Where facts come from that nobody sends as rows. */
export function whence({ datasource }) {
  if (datasource === "requestMetrics") return "Each call of a service of this server is one.";
  if (datasource === "aiGuardMetrics") return "AI Guard counts them when it classifies a text.";
  return "Sessions log them: the page Sessions says how one begins.";
}

/** A command that sends the first fact that a question asks for, or null where facts come another way. */
export function firstFact(query) {
  const { datasource } = query;
  const row = { ...ROWS[datasource], ...membersOf(query) };
  if (!ROWS[datasource] || row.meter === COUNTED) return null;
  const name = datasource === "cacheMetrics" ? "modelMetrics" : datasource;
  const address = `${location.origin}/api/svc/v1/llm-gateway/metrics/ingest?datasource=${name}`;
  return `curl ${quoted(address)} \\
  -H "Authorization: Bearer $METERD_TOKEN" -H "Content-Type: application/json" \\
  -d ${quoted(JSON.stringify(row))}`;
}

/** What a row of a datasource is called. */
export const FACTS = {
  guardrailMetrics: "evaluations of guardrails",
  modelMetrics: "model calls",
  cacheMetrics: "look-ups in the cache",
  mcpMetrics: "MCP requests",
  configMetrics: "applications of rules",
  agentMetrics: "requests of agents",
  aiGuardMetrics: "AI Guard events",
  otlpMetrics: "points of OpenTelemetry",
  sessionMetrics: "points of sessions",
  sessionEvents: "events of sessions",
  requestMetrics: "calls of services",
  processMetrics: "executions of processes",
  queueMetrics: "samples of queues",
};
