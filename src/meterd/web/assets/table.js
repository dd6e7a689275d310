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

/** Rows in the order of a column; those without a value come last either way, and after them the rest (`other`). */
export function sorted(rows, read, isDescending) {
  const isLast = (row) => row.other || read(row) === null || read(row) === undefined;
  const sign = isDescending ? -1 : 1;
  const some = rows.filter((row) => !isLast(row)).sort((a, b) => sign * compare(read(a), read(b)));
  const last = rows.filter(isLast).sort((a, b) => Number(Boolean(a.other)) - Number(Boolean(b.other)));
  return [...some, ...last];
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

const whole = (value) => value.toLocaleString("en-US");

/** A table in the page: its order, and the page of rows that is shown. */
class Table {
  constructor({ columns, rows, totals, order, label, pageSize = PAGE, onRow }) {
    Object.assign(this, { columns, rows, totals, pageSize, onRow, page: 0 });
    this.order = order && { column: columns[order.column], isDescending: Boolean(order.isDescending) };
    const [head, body, foot] = ["thead", "tbody", "tfoot"].map((each) => h(each));
    const caption = h("caption", { class: "hidden" }, label);
    const scroll = h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label });
    scroll.append(h("table", {}, caption, head, body, foot));
    const pages = h("div", { class: "pages" });
    Object.assign(this, { head, body, foot, scroll, pages });
    this.element = h("div", { class: "table" }, scroll, pages);
    this.draw();
  }

  draw() {
    const { rows, columns, order, pageSize } = this;
    const ordered = order ? sorted(rows, order.column.read, order.isDescending) : rows;
    const last = Math.max(0, Math.ceil(rows.length / pageSize) - 1);
    this.page = Math.min(this.page, last);
    const first = this.page * pageSize;
    const headings = columns.map((column) => heading(column, order, () => this.#sort(column)));
    replace(this.head, h("tr", {}, headings));
    replace(
      this.body,
      ordered.slice(first, first + pageSize).map((row) => this.#row(row)),
    );
    replace(this.foot, this.totals ? this.#row(this.totals) : null);
    this.#drawPages(first, last);
  }

  #row(row) {
    const properties = this.onRow ? { onclick: (event) => this.onRow(row, event) } : {};
    return h(
      "tr",
      properties,
      this.columns.map((column) => cellOf(column, row)),
    );
  }

  #drawPages(first, last) {
    const { rows, page, pages, pageSize } = this;
    pages.hidden = last === 0;
    const shown = `${whole(first + 1)} to ${whole(Math.min(rows.length, first + pageSize))} of ${whole(rows.length)}`;
    const turn = (label, to, disabled) =>
      h("button", { type: "button", disabled, onclick: () => this.#turn(to) }, label);
    replace(pages, h("span", {}, shown), turn("Previous", page - 1, page === 0), turn("Next", page + 1, page === last));
  }

  #turn(page) {
    this.page = page;
    this.draw();
    this.scroll.scrollTop = 0;
  }

  #sort(column) {
    const isSame = this.order?.column === column;
    this.order = { column, isDescending: isSame ? !this.order.isDescending : Boolean(column.isNumeric) };
    this.draw();
    this.head.querySelectorAll("th")[this.columns.indexOf(column)].querySelector("button")?.focus();
  }
}

/**
 * Make a table of `columns`: `{title, read(row), show(row)?, isNumeric?, exact(row)?, hint?}`, and `rows`; `totals` is
 * a row below them. `order` is `{column: number, isDescending}`. The element that is returned has
 * `setRows(rows, totals)`, which keeps order and page.
 */
export function table(options) {
  const made = new Table(options);
  made.element.setRows = (rows, totals) => {
    Object.assign(made, { rows, totals });
    made.draw();
  };
  return made.element;
}
