/** Light and dark: follows the system until a person chooses; and the colours of the style, for canvases. */

import { h, icon } from "./dom.js";

const root = document.documentElement;
const system = matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set();
const resolved = new Map();
const probe = document.head.appendChild(h("meta", { name: "colour-probe" }));

/** Tell whether the page is dark now. */
export const isDark = () =>
  root.dataset.theme === "auto" || !root.dataset.theme ? system.matches : root.dataset.theme === "dark";

/** The value of a colour of the style, such as `accent` or `series-3`. */
export function colour(name) {
  if (!resolved.has(name)) {
    probe.style.color = `var(--${name})`;
    resolved.set(name, getComputedStyle(probe).color);
  }
  return resolved.get(name);
}

/** A colour of the style that lets through what is behind it. */
export function faint(name, opacity) {
  const [red, green, blue] = colour(name).match(/[\d.]+/g);
  return `rgba(${red}, ${green}, ${blue}, ${opacity})`;
}

/** Call a listener when colours have changed. */
export function onTheme(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function changed() {
  resolved.clear();
  listeners.forEach((listener) => listener());
}

function choose(theme) {
  root.dataset.theme = theme;
  const lasting = theme === "auto" ? "Max-Age=0" : "Max-Age=31536000";
  document.cookie = `meterd_theme=${theme}; Path=/; SameSite=Strict; ${lasting}`;
  changed();
}

system.addEventListener("change", changed);

/** A button that changes between light and dark; what equals the system's choice follows it again. */
export function themeButton() {
  const button = h("button", { class: "icon-only", type: "button" }, icon("theme"));
  const label = () => button.setAttribute("aria-label", isDark() ? "Use light colours" : "Use dark colours");
  const toggle = () => {
    const wanted = isDark() ? "light" : "dark";
    choose((wanted === "dark") === system.matches ? "auto" : wanted);
  };
  button.title = "Light or dark";
  button.addEventListener("click", toggle);
  onTheme(label);
  label();
  return button;
}
