/** The choice of a time zone: a search, and the names that it finds. */

import { h, replace } from "./dom.js";
import { zoneOffset } from "./format.js";
import { menuItem } from "./popup.js";
import { boot, isZone, state, update } from "./state.js";

const MOST = 40;
const RENAMED = {
  "America/Buenos_Aires": "America/Argentina/Buenos_Aires",
  "America/Godthab": "America/Nuuk",
  "Asia/Calcutta": "Asia/Kolkata",
  "Asia/Katmandu": "Asia/Kathmandu",
  "Asia/Rangoon": "Asia/Yangon",
  "Asia/Saigon": "Asia/Ho_Chi_Minh",
  "Atlantic/Faeroe": "Atlantic/Faroe",
  "Europe/Kiev": "Europe/Kyiv",
};

function offsetText(zone) {
  const minutes = Math.round(zoneOffset(Date.now(), zone) / 60000);
  const size = Math.abs(minutes);
  const two = (value) => String(value).padStart(2, "0");
  return `${minutes < 0 ? "−" : "+"}${two(Math.trunc(size / 60))}:${two(size % 60)}`;
}

function found(text) {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const first = [boot.zone ?? "UTC", "UTC", own, state().zone];
  const known = [...first.filter(isZone), ...Intl.supportedValuesOf("timeZone")];
  const all = [...new Set(known.map((zone) => RENAMED[zone] ?? zone))];
  const wanted = text.trim().toLowerCase().replaceAll(" ", "_");
  return wanted ? all.filter((zone) => zone.toLowerCase().includes(wanted)) : all;
}

/** Fill the box that chooses a zone. */
export function fillZones(box) {
  const search = h("input", {
    type: "search",
    placeholder: "City or region",
    "aria-label": "Find a time zone",
    autocomplete: "off",
  });
  const list = h("div");
  function show() {
    const names = found(search.value);
    const items = names.slice(0, MOST).map((zone) =>
      menuItem([h("span", {}, zone), h("span", { class: "muted" }, offsetText(zone))], () => update({ zone }), {
        role: null,
        "aria-current": zone === state().zone ? "true" : null,
      }),
    );
    const more =
      names.length > MOST
        ? h("p", { class: "note" }, `and ${names.length - MOST} more: type a part of the name`)
        : null;
    replace(list, items.length ? items : h("p", { class: "note" }, "No zone has this name."), more);
  }
  search.addEventListener("input", show);
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") list.querySelector("button")?.click();
  });
  show();
  box.append(h("form", { onsubmit: (event) => event.preventDefault() }, search), list);
}
