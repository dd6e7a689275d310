/** Elements without markup: whatever comes from facts is text, never HTML. */

const AS_PROPERTY = new Set(["value", "checked", "selected", "disabled", "indeterminate", "textContent", "tabIndex"]);

/** Set properties: `class`, `style` and `dataset` (objects), `onclick` and other listeners, attributes by name. */
function set(element, properties) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (name === "style") Object.assign(element.style, value);
    else if (name === "dataset") Object.assign(element.dataset, value);
    else if (typeof value === "function") element.addEventListener(name.replace(/^on/, ""), value);
    else if (AS_PROPERTY.has(name)) element[name] = value;
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false) element.setAttribute(name, String(value));
  }
  return element;
}

function nodes(children) {
  return children
    .flat(Infinity)
    .filter((each) => each !== null && each !== undefined && each !== false)
    .map((each) => (each instanceof Node ? each : document.createTextNode(String(each))));
}

/** Make an element; children that are no nodes become text, null and false are left out. */
export function h(tag, properties, ...children) {
  const element = set(document.createElement(tag), properties ?? {});
  element.append(...nodes(children));
  return element;
}

/** Make an element of SVG. */
export function svg(tag, properties, ...children) {
  const element = set(document.createElementNS("http://www.w3.org/2000/svg", tag), properties ?? {});
  element.append(...nodes(children));
  return element;
}

/** Put children in the place of those that a parent has. */
export function replace(parent, ...children) {
  parent.replaceChildren(...nodes(children));
  return parent;
}

const ICONS = {
  menu: "M8 3.2v.1M8 8v.1M8 12.7v.1",
  close: "M4 4l8 8M12 4l-8 8",
  down: "M4.5 6.5 8 10l3.5-3.5",
  up: "M8 13V3M4 7l4-4 4 4",
  fall: "M8 3v10M4 9l4 4 4-4",
  refresh: "M13 8a5 5 0 1 1-1.5-3.6M13 2.5v2.6h-2.6",
  plus: "M8 3.5v9M3.5 8h9",
  theme: "M8 2.5a5.5 5.5 0 1 0 0 11zM8 2.5a5.5 5.5 0 0 1 0 11",
};

/** Make a small picture in the colour of the text around it. */
export function icon(name) {
  return svg("svg", { viewBox: "0 0 16 16", class: "icon", "aria-hidden": "true" }, svg("path", { d: ICONS[name] }));
}

let announced = null;

/** Tell whoever listens to the page instead of looking at it. */
export function announce(text) {
  announced ??= document.body.appendChild(h("div", { class: "hidden", role: "status", "aria-live": "polite" }));
  announced.textContent = text;
}

let notice = null;

/** Show a short sentence for a moment, such as what was copied. */
export function notify(text) {
  notice?.remove();
  notice = document.body.appendChild(h("div", { class: "notice", role: "status" }, text));
  const shown = notice;
  setTimeout(() => shown.remove(), 4000);
}

/** Copy a text, and say so. */
export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copyBySelection(text);
  }
  notify(`${what} copied`);
}

/** Copy where the clipboard may not be written to: over HTTP, to another machine. */
function copyBySelection(text) {
  const area = document.body.appendChild(
    h("textarea", { class: "hidden", "aria-label": "What is copied", value: text }),
  );
  const focused = document.activeElement;
  area.select();
  document.execCommand("copy");
  area.remove();
  focused?.focus?.();
}

/** Let the browser keep a text as a file. */
export function download(name, text, type) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  h("a", { href: address, download: name }).click();
  URL.revokeObjectURL(address);
}
