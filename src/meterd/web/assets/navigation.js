/** Links to other pages take window, comparison, zone and refresh along; filters belong to the page. */

import { addressWith, onChange } from "./state.js";

const OWN = new Set(["window", "compare", "zone", "refresh"]);

function carried(link) {
  const from = new URLSearchParams(addressWith({}).split("?")[1] ?? "");
  const to = new URLSearchParams([...from].filter(([name]) => OWN.has(name)));
  const query = to.toString().replaceAll("%2F", "/").replaceAll("%3A", ":");
  link.setAttribute("href", query ? `${link.pathname}?${query}` : link.pathname);
}

const carry = () => document.querySelectorAll(".navigation a").forEach(carried);

/** Keep links of the navigation in step with the address. */
export function startNavigation() {
  carry();
  onChange(carry);
  const row = document.querySelector(".navigation");
  const current = row?.querySelector("[aria-current=page]");
  if (current && row.scrollWidth > row.clientWidth) row.scrollLeft = current.offsetLeft - row.clientWidth / 3;
}
