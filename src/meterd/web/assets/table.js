/** Tables that sort and page: 10,000 rows are in memory, one page of them is in the document. */

import { h, icon, replace } from "./dom.js";

const PAGE = 50;

function compare(a, b) {
  if (a === b) return 0;
  if (a === null || a === undefined) return 1;
  if (b === null || b === undefined) return -1;
  return typeof a === "number" && typeof b === "number"
    ? a - b
    : String(a).localeCompare(String(b), "en", { numeric: true });
}

/** Rows in the order of a column; those without a value come last either way. */
export function sorted(rows, read, isDescending) {
  const isNothing = (row) => read(row) === null || read(row) === undefined;
  const some = rows.filter((row) => !isNothing(row)).sort((a, b) => compare(read(a), read(b)));
  return [...(isDescending ? some.reverse() : some), ...rows.filter(isNothing)];
}

function heading(column, order, onSort) {
  const isSorted = order?.column === column;
  const attributes = {
    scope: "col",
    class: column.isNumeric ? "numeric" : "",
    "aria-sort": isSorted ? (order.isDescending ? "descending" : "ascending") : null,
  };
  if (!column.read) return h("th", attributes, column.title);
  const button = h(
    "button",
    { class: "sort", type: "button", title: column.hint, onclick: () => onSort(column) },
    column.title,
    icon(isSorted && !order.isDescending ? "up" : "fall"),
  );
  return h("th", attributes, button);
}

function cellOf(column, row) {
  const content = column.show ? column.show(row) : column.read(row);
  const title = column.exact?.(row);
  return h(
    "td",
    { class: column.isNumeric ? "numeric" : "", title },
    content instanceof Node || column.isNumeric
      ? content
      : h("span", { class: "name", title: String(content ?? "") }, content),
  );
}

/**
 * Make a table of `columns`: `{title, read(row), show(row)?, isNumeric?, exact(row)?, hint?}`, and `rows`. `order` is
 * `{column: number, isDescending}`. The element that is returned has `setRows(rows)`, which keeps order and page.
 */
export function table({ columns, rows, order, label, pageSize = PAGE, onRow }) {
  let all = rows;
  let page = 0;
  let sorting = order ? { column: columns[order.column], isDescending: Boolean(order.isDescending) } : null;
  const head = h("thead");
  const body = h("tbody");
  const pages = h("div", { class: "pages" });
  const element = h(
    "div",
    { class: "table" },
    h(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": label },
      h("table", {}, h("caption", { class: "hidden" }, label), head, body),
    ),
    pages,
  );

  function rowOf(row) {
    const cells = columns.map((column) => cellOf(column, row));
    return h("tr", onRow ? { onclick: (event) => onRow(row, event) } : {}, cells);
  }

  function draw() {
    const ordered = sorting ? sorted(all, sorting.column.read, sorting.isDescending) : all;
    const last = Math.max(0, Math.ceil(all.length / pageSize) - 1);
    page = Math.min(page, last);
    const first = page * pageSize;
    replace(
      head,
      h(
        "tr",
        {},
        columns.map((column) => heading(column, sorting, sort)),
      ),
    );
    replace(body, ordered.slice(first, first + pageSize).map(rowOf));
    drawPages(first, last);
  }

  function drawPages(first, last) {
    pages.hidden = last === 0;
    const turn = (to) => () => {
      page = to;
      draw();
      element.querySelector(".scroll").scrollTop = 0;
    };
    const format = (value) => value.toLocaleString("en-US");
    replace(
      pages,
      h(
        "span",
        {},
        `${format(first + 1)} to ${format(Math.min(all.length, first + pageSize))} of ${format(all.length)}`,
      ),
      h("button", { type: "button", disabled: page === 0, onclick: turn(page - 1) }, "Previous"),
      h("button", { type: "button", disabled: page === last, onclick: turn(page + 1) }, "Next"),
    );
  }

  function sort(column) {
    const isSame = sorting?.column === column;
    sorting = { column, isDescending: isSame ? !sorting.isDescending : Boolean(column.isNumeric) };
    draw();
    head.querySelectorAll("th")[columns.indexOf(column)].querySelector("button")?.focus();
  }

  element.setRows = (next) => {
    all = next;
    draw();
  };
  draw();
  return element;
}
