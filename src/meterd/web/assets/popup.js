/** Small boxes that a button opens: they close by Escape, by a click elsewhere, and give the focus back. */

import { h, replace } from "./dom.js";

let open = null;

/** Close the box that is open. */
export function closePopup({ focus = false } = {}) {
  if (!open) return false;
  const { button, box } = open;
  open = null;
  box.remove();
  button.setAttribute("aria-expanded", "false");
  if (focus) button.focus();
  return true;
}

document.addEventListener("pointerdown", (event) => {
  if (open && !open.anchor.contains(event.target)) closePopup();
});
document.addEventListener(
  "keydown",
  (event) => {
    if (event.key === "Escape" && closePopup({ focus: true })) event.stopPropagation();
  },
  true,
);

function onArrows(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || event.target.matches("select, textarea")) return;
  const items = [...event.currentTarget.querySelectorAll("button:not(:disabled), a.item")];
  const next = items.indexOf(document.activeElement) + step;
  event.preventDefault();
  items[(next + items.length) % items.length]?.focus();
}

/** Let a button open a box that `fill(box)` fills; returns the element that holds both. */
export function popup(button, fill, { isMenu = false, isLeft = false } = {}) {
  const anchor = h("div", { class: "anchor" }, button);
  button.setAttribute("aria-haspopup", isMenu ? "menu" : "dialog");
  button.setAttribute("aria-expanded", "false");
  button.addEventListener("click", () => {
    const wasOpen = open?.button === button;
    closePopup();
    if (wasOpen) return;
    const label = button.getAttribute("aria-label") ?? button.textContent;
    const box = h("div", {
      class: `popup${isLeft ? " left" : ""}`,
      role: isMenu ? "menu" : "dialog",
      "aria-label": label,
      onkeydown: onArrows,
    });
    open = { button, box, anchor };
    button.setAttribute("aria-expanded", "true");
    anchor.append(box);
    fill(box);
    keepInside(box);
    (box.querySelector("input, [aria-checked=true], [aria-current=true]") ?? box.querySelector("button, a"))?.focus();
  });
  return anchor;
}

/** Move a box that would stand beyond an edge of the window. */
function keepInside(box) {
  const { left, right } = box.getBoundingClientRect();
  const width = document.documentElement.clientWidth;
  if (left < 8) box.style.transform = `translateX(${8 - left}px)`;
  else if (right > width - 8) box.style.transform = `translateX(${width - 8 - right}px)`;
}

/** An item of a menu: closes it, and does what it says. */
export function menuItem(label, action, properties = {}) {
  const run = () => {
    closePopup({ focus: true });
    action();
  };
  return h("button", { type: "button", role: "menuitem", onclick: run, ...properties }, label);
}

/** Fill a menu again, such as after a choice in it. */
export const refill = (box, ...children) => replace(box, ...children);
