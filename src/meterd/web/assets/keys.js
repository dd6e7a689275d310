/** Keys: `/` finds, `?` lists keys, `g` and a letter go to a page. */

import { h } from "./dom.js";
import { closePopup } from "./popup.js";
import { refreshNow, state, update } from "./state.js";

const PAGES = {
  o: ["/overview", "Overview"],
  m: ["/models", "Models"],
  g: ["/guardrails", "Guardrails"],
  t: ["/tools", "Tools & agents"],
  r: ["/routing", "Cache & routing"],
  a: ["/ai-guard", "AI Guard"],
  s: ["/sessions", "Sessions"],
  u: ["/usage", "Usage"],
  e: ["/explore", "Explore"],
  c: ["/classify", "Classify"],
  y: ["/system", "System"],
};
const WAIT = 1500;
let pending = 0;

function row(keys, text) {
  return [
    h(
      "span",
      {},
      keys.map((key) => [h("kbd", {}, key), " "]),
    ),
    h("span", {}, text),
  ];
}

function showKeys() {
  if (document.querySelector("dialog[open]")) return;
  const close = h("button", { type: "button", onclick: () => dialog.close() }, "Close");
  const dialog = h(
    "dialog",
    { "aria-labelledby": "keys-title", onclose: () => dialog.remove() },
    h("h2", { id: "keys-title" }, "Keys"),
    h(
      "div",
      { class: "keys" },
      row(["/"], "Find: a filter, or what the page searches"),
      row(["r"], "Ask again now"),
      row(["c"], "Compare with the window before"),
      row(["Esc"], "Close what is open"),
      row(["←", "→"], "Read a chart that has the focus"),
      row(["?"], "This list"),
      Object.entries(PAGES).map(([key, [, name]]) => row(["g", key], name)),
    ),
    close,
  );
  document.body.append(dialog);
  dialog.showModal();
}

/** Put the focus where this page searches. */
function find() {
  const field = document.querySelector("[data-find], main input[type=search]");
  if (field) return field.focus();
  return document.getElementById("add-filter")?.click();
}

/** Go to a page, with window, zone and filters. */
function go(key) {
  const page = PAGES[key];
  const link =
    page && [...document.querySelectorAll(".navigation a")].find((each) => new URL(each.href).pathname === page[0]);
  link?.click();
}

const ACTIONS = {
  "/": find,
  "?": showKeys,
  r: refreshNow,
  c: () => update({ compare: state().compare ? "" : "previous" }),
  Escape: () => closePopup({ focus: true }) || update({ panel: "" }),
};

const isTyping = ({ target }) => target.closest("input, textarea, select, [contenteditable], dialog");

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event)) return;
  const wasPending = Date.now() - pending < WAIT;
  pending = 0;
  if (wasPending && event.key in PAGES) go(event.key);
  else if (event.key === "g") pending = Date.now();
  else if (Object.hasOwn(ACTIONS, event.key)) ACTIONS[event.key]();
  else return;
  event.preventDefault();
}

let isStarted = false;

/** Listen to keys, once. */
export function startKeys() {
  if (isStarted) return;
  isStarted = true;
  document.addEventListener("keydown", onKey);
}
