/** Products and their versions, with counts of their sessions by what they are; a click filters the list. */

import { h, replace } from "./dom.js";
import { scrolled } from "./flow-panel.js";
import { exact, number, recent, time } from "./format.js";
import { parameter, withoutFilters } from "./session-filters.js";
import { badge, labelOf, STATUSES } from "./session-status.js";
import { state, update } from "./state.js";

const MOST_PRODUCTS = 8;
const atExact = (text) => time(text, { zone: state().zone, precision: "second" });
let allProducts = false;

function countCell(each, status) {
  const count = each[status];
  if (!count) return h("td", { class: "numeric none" }, "0");
  const label = `${count} ${labelOf(status)} of ${each.product} ${each.version}`;
  const choose = () => update({ ...withoutFilters(), product: each.product, version: each.version, status });
  return h(
    "td",
    { class: "numeric" },
    h("button", { class: `count status-${status}`, title: label, "aria-label": label, onclick: choose }, number(count)),
  );
}

function productRow(each) {
  const choose = (changes) => () => update({ ...withoutFilters(), ...changes });
  const isChosen = parameter("product") === each.product && parameter("version") === each.version;
  return h(
    "tr",
    { class: isChosen ? "chosen" : null },
    h(
      "td",
      {},
      h("button", { class: "value", title: each.product, onclick: choose({ product: each.product }) }, each.product),
    ),
    h(
      "td",
      {},
      h(
        "button",
        { class: "value", title: each.version, onclick: choose({ product: each.product, version: each.version }) },
        each.version,
      ),
    ),
    h("td", { class: "numeric", title: exact(each.sessions) }, number(each.sessions)),
    STATUSES.map(({ name }) => countCell(each, name)),
    h("td", { title: atExact(each.latest) }, recent(each.latest, { zone: state().zone })),
  );
}

/** Fill a panel with the versions of products and what their sessions are. */
export function showProducts(body, { products: found, complete }) {
  const shown = allProducts ? found : found.slice(0, MOST_PRODUCTS);
  const head = h(
    "tr",
    {},
    ["Product", "Version"].map((label) => h("th", { scope: "col" }, label)),
    h("th", { scope: "col", class: "numeric" }, "Sessions"),
    STATUSES.map(({ name, title }) => h("th", { scope: "col", class: "numeric", title }, badge(name))),
    h("th", { scope: "col" }, "Newest"),
  );
  const more = () => {
    allProducts = !allProducts;
    showProducts(body, { products: found, complete });
  };
  const rest =
    found.length > MOST_PRODUCTS
      ? h(
          "button",
          { class: "small", onclick: more },
          allProducts ? "Show fewer" : `Show all ${exact(found.length)} versions`,
        )
      : null;
  const note = complete
    ? null
    : h("p", { class: "note" }, "Only the newest 10,000 sessions of this time are counted.");
  if (!found.length) return replace(body, h("p", { class: "muted" }, "No sessions began in this time."));
  const table = h("table", {}, h("thead", {}, head), h("tbody", {}, shown.map(productRow)));
  return replace(
    body,
    h("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": "Products" }, table),
    note,
    rest,
  );
}
