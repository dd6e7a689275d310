/** The state of a session at a moment, and how it differs from another. */

import { h, replace } from "./dom.js";
import { exact } from "./format.js";
import { exactTime } from "./time-scale.js";

const MOST_LEAVES = 5000;
const MOST_DEPTH = 40;
const SHOWN = 200;
const MARKS = { added: "+", removed: "−", changed: "~", same: "" };

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

/** The leaves of a state, by their path: objects are gone into, arrays and everything else are values. */
export function leaves(state, path = [], found = new Map()) {
  for (const [name, value] of Object.entries(state ?? {})) {
    if (found.size >= MOST_LEAVES) break;
    const here = [...path, name];
    if (isObject(value) && Object.keys(value).length && here.length < MOST_DEPTH) leaves(value, here, found);
    else found.set(JSON.stringify(here), { path: here, text: JSON.stringify(value) });
  }
  return found;
}

/** How one state became another: rows `{path, kind, before, after}` in the order of their paths. */
export function difference(before, after) {
  const [old, now] = [leaves(before), leaves(after)];
  const isFilled = (key, { text } = {}, others) =>
    text === "{}" && [...others.keys()].some((each) => each.startsWith(`${key.slice(0, -1)},`));
  const keys = [...new Set([...old.keys(), ...now.keys()])]
    .sort()
    .filter((key) => !isFilled(key, old.get(key), now) && !isFilled(key, now.get(key), old));
  return keys.map((key) => {
    const [was, is] = [old.get(key), now.get(key)];
    const kind = !was ? "added" : !is ? "removed" : was.text === is.text ? "same" : "changed";
    return { path: (is ?? was).path, kind, before: was?.text, after: is?.text };
  });
}

function stateRow({ path, kind, before, after }, isAlone) {
  const key = h("th", { scope: "row" }, h("code", {}, path.join(".")));
  const now = h("td", {}, h("code", {}, after ?? "–"));
  if (isAlone) return h("tr", {}, key, now);
  const was = kind === "same" ? h("span", { class: "muted" }, "the same") : h("code", {}, before ?? "–");
  return h(
    "tr",
    { class: `change ${kind}` },
    key,
    h("td", {}, `${MARKS[kind]} ${kind === "same" ? "" : kind}`),
    h("td", {}, was),
    now,
  );
}

/** What stands between a state and others: a panel's content, filled by `show`. */
export class StateView {
  constructor(callbacks) {
    this.callbacks = callbacks;
    this.onlyChanges = false;
    this.all = false;
    this.controls = h("div", { class: "state-controls" });
    this.rows = h("div", {});
    this.element = h("div", { class: "body" }, this.controls, this.rows);
    this.turn = 0;
  }

  /** Show the state at a moment; `other` says which it is compared with: before, first, now or a time. */
  async show({ data, at, other, zone }) {
    const { states } = data;
    const index = states.findLastIndex((each) => each.at <= at);
    this.showControls(states, index, other, zone);
    const turn = ++this.turn;
    const read = (number) => (number < 0 ? Promise.resolve({ state: {} }) : data.body("state_history", states[number]));
    const place =
      { before: index - 1, first: 0, now: states.length - 1 }[other] ??
      states.findLastIndex((each) => each.at <= Date.parse(other));
    try {
      const [chosen, compared] = states.length
        ? await Promise.all([read(index), read(Math.min(place, states.length - 1))])
        : [{ state: data.document.state }, { state: data.document.state }];
      this.isAlone = !states.length;
      if (turn === this.turn) this.showRows(difference(compared?.state, chosen?.state));
    } catch (error) {
      if (turn === this.turn)
        replace(this.rows, h("div", { class: "state error", role: "alert" }, h("p", {}, error.message)));
    }
  }

  showControls(states, index, other, zone) {
    const go = (to) => () => this.callbacks.moment(states[to].at);
    const isTime = !["before", "first", "now"].includes(other);
    const name =
      states.length === 0
        ? "It was never updated"
        : index < 0
          ? "Before the first update"
          : `Update ${exact(index + 1)} of ${exact(states.length)}, ${exactTime(states[index].at, zone)}`;
    const choices = [
      ["before", "the one before"],
      ["first", "the first"],
      ["now", "the latest"],
      ...(isTime ? [[other, `the one of ${exactTime(Date.parse(other), zone)}`]] : []),
    ];
    const select = h(
      "select",
      { onchange: () => this.callbacks.compare(select.value) },
      choices.map(([value, label]) => h("option", { value }, label)),
    );
    select.value = other;
    const only = h("input", {
      type: "checkbox",
      checked: this.onlyChanges,
      onchange: () => {
        this.onlyChanges = only.checked;
        this.showRows(this.found ?? []);
      },
    });
    const focused = this.controls.contains(document.activeElement)
      ? (document.activeElement.getAttribute("data-name") ?? document.activeElement.tagName)
      : null;
    replace(
      this.controls,
      h(
        "div",
        { class: "steps" },
        h(
          "button",
          { "aria-label": "Earlier state", dataset: { name: "earlier" }, disabled: index <= 0, onclick: go(index - 1) },
          "‹",
        ),
        h("span", { class: "when" }, name),
        h(
          "button",
          {
            "aria-label": "Later state",
            dataset: { name: "later" },
            disabled: index >= states.length - 1,
            onclick: go(index + 1),
          },
          "›",
        ),
      ),
      states.length > 1
        ? [
            h("label", { class: "inline" }, "compared with ", select),
            h(
              "button",
              { onclick: () => this.callbacks.compare(new Date(states[Math.max(index, 0)].at).toISOString()) },
              "Keep to compare with",
            ),
            h("label", { class: "inline" }, only, " only what changed"),
          ]
        : null,
    );
    if (focused)
      this.controls
        .querySelector(
          `[data-name="${focused}"]:not([disabled]), ${focused === "SELECT" ? "select" : "button"}:not([disabled])`,
        )
        ?.focus();
  }

  showRows(found) {
    this.found = found;
    const wanted = found.filter(({ kind }) => !this.onlyChanges || kind !== "same");
    const count = (kind) => found.filter((each) => each.kind === kind).length;
    const summary = ["added", "changed", "removed"]
      .filter(count)
      .map((kind) => h("span", { class: `change ${kind}` }, `${MARKS[kind]} ${exact(count(kind))} ${kind}`));
    const shown = this.all ? wanted : wanted.slice(0, SHOWN);
    const heads = this.isAlone ? ["Key", "Value"] : ["Key", "Change", "Before", "At this moment"];
    const table = h(
      "table",
      { class: "states" },
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          heads.map((each) => h("th", { scope: "col" }, each)),
        ),
      ),
      h(
        "tbody",
        {},
        shown.map((each) => stateRow(each, this.isAlone)),
      ),
    );
    const more =
      wanted.length > shown.length
        ? h(
            "button",
            {
              onclick: () => {
                this.all = true;
                this.showRows(found);
              },
            },
            `Show all ${exact(wanted.length)} keys`,
          )
        : null;
    replace(
      this.rows,
      this.isAlone
        ? null
        : h("p", { class: "changes" }, summary.length ? summary : h("span", { class: "muted" }, "No difference")),
      wanted.length
        ? h("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": "Keys of the state" }, table)
        : null,
      more,
    );
  }
}
