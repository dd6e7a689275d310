/** The page of sessions: what there is of each product, and a list to find one in. */

import { mountControls } from "./controls.js";
import { announce, h, replace } from "./dom.js";
import { flowPanel, whileBusy } from "./flow-panel.js";
import { repeat } from "./live.js";
import { askJson } from "./query.js";
import { chips, fillForm, filterForm, filtersNow, parameter, selection } from "./session-filters.js";
import { PER_PAGE, pageNow, showList, sortOf } from "./session-list.js";
import { showProducts } from "./session-products.js";
import { loadMetric, metricPanel } from "./session-series.js";
import { onChange, refreshNow, state, update } from "./state.js";

const LIST = "/api/data/sessions/list";
const PRODUCTS = "/api/data/sessions/products";
const OFTEN = 10_000;
const SELDOM = 30_000;

const page = document.getElementById("page");
const products = flowPanel("products", "Products", "Sessions that began in this time, by product and version");
const list = flowPanel("list", "Sessions", "Click a session to see what happened in it");

let wanted = null;
let someActive = true;

function into(target, address, show) {
  const { signal } = wanted;
  return whileBusy(target, signal, async () => {
    const answer = await askJson(address, { signal });
    if (!signal.aborted) show(answer);
  });
}

async function load() {
  wanted?.abort();
  wanted = new AbortController();
  const chosen = selection(filtersNow());
  const listed = new URLSearchParams(chosen);
  for (const [name, value] of Object.entries({ ...sortOf(), limit: PER_PAGE, offset: (pageNow() - 1) * PER_PAGE }))
    listed.set(name, value);
  chips();
  await Promise.all([
    into(products, `${PRODUCTS}?${selection({})}`, (answer) => {
      someActive = answer.products.some(({ active }) => active);
      fillForm(answer.products);
      showProducts(products.body, answer);
    }),
    into(list, `${LIST}?${listed}`, (answer) => showList(list, answer)),
    loadMetric(chosen, wanted.signal),
  ]);
}

const isLive = () => parameter("live") !== "off" && state().window.name !== "custom";
const live = repeat(
  async () => refreshNow(),
  () => (isLive() ? (someActive ? OFTEN : SELDOM) : 0),
);

function liveButton() {
  const button = h(
    "button",
    { class: "live", "aria-pressed": String(isLive()), onclick: toggle },
    h("span", { class: "dot" }),
    "Live",
  );
  function toggle() {
    update({ live: isLive() ? "off" : "" }, { replace: true });
    announce(isLive() ? "The page updates by itself" : "The page no longer updates by itself");
  }
  onChange(() => button.setAttribute("aria-pressed", String(isLive())));
  return button;
}

mountControls({ compare: false, refresh: false });
document.getElementById("controls").prepend(liveButton());
replace(page, products.element, filterForm(), list.element, metricPanel.element);
onChange(() => load().finally(live.plan));
load().finally(live.plan);
