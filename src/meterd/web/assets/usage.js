/** The page of usage: a statement for each user or virtual account, month by month, and series by any calendar. */

import { mountControls } from "./controls.js";
import { replace } from "./dom.js";
import { flowPanel, whileBusy } from "./flow-panel.js";
import { boot, onChange } from "./state.js";
import { seriesAddress, seriesNow, seriesTools, showSeries } from "./usage-series.js";
import { KINDS, showStatement, statementAddress, statementTools } from "./usage-statement.js";
import { askUsage, query } from "./usage-questions.js";

const page = document.getElementById("page");
const statement = flowPanel("statement", "Statement", "What a user's calls come to");
const series = flowPanel("series", "Series", "Calls, processes and queues by any calendar, in the window at the top");

let wanted = null;
let known = null;

const into = (panel, work) => whileBusy(panel, wanted.signal, () => work(wanted.signal));

/** Whose statements there are, and calendars: built-in ones and the tenant's own. */
async function learn() {
  const users = boot.me.tenantAdmin ? Object.keys(KINDS) : [];
  const [builtIn, own, ...named] = await Promise.all(
    [
      "/api/calendar/v1/public",
      "/api/calendar/v1/private?_limit=200",
      ...users.map((type) => `/api/metric/v1?${query({ _distinct: "user", userType: type })}`),
    ].map((each) => askUsage(each).catch(() => [])),
  );
  const calendars = [...builtIn, ...own].map(({ _id, name, description }) => [
    _id,
    description && builtIn.some((each) => each._id === _id) ? `${name}: ${description}` : _id,
  ]);
  const subjects = named.flatMap((names, index) => names.map((name) => ({ name, type: users[index] })));
  return { subjects, calendars };
}

async function load() {
  wanted?.abort();
  wanted = new AbortController();
  known ??= learn();
  const choices = await known;
  statementTools(statement, choices);
  await Promise.all([
    into(statement, async (signal) => {
      const found = await askUsage(statementAddress("json"), { signal });
      if (!signal.aborted) showStatement(statement, found);
    }),
    into(series, async (signal) => {
      const { provider, metric: asked } = seriesNow();
      const metrics = await askUsage(`/api/metric/v1?${query({ _function: "listMetrics", provider })}`, { signal });
      const chosen = metrics.find(({ name }) => name === asked) ?? metrics[0];
      if (signal.aborted) return;
      seriesTools(series, metrics, chosen.name, choices);
      const found = await askUsage(seriesAddress(chosen.name), { signal });
      if (!signal.aborted) showSeries(series, found, chosen.description);
    }),
  ]);
}

mountControls({ compare: false, refresh: false });
replace(page, statement.element, series.element);
onChange(load);
load();
