/** What sessions are, in words and colours, the same on every page. */

import { h } from "./dom.js";

export const STATUSES = [
  { name: "active", label: "Active", title: "Runs, as far as it says" },
  { name: "ended", label: "Ended", title: "Said that it ended" },
  { name: "suspended", label: "Suspended", title: "Sent heartbeats, and then none" },
  { name: "crashed", label: "Crashed", title: "Ended without saying so" },
  { name: "hung", label: "Hung", title: "Does not react; counted besides what it is else" },
];
export const MORE_STATUSES = [
  { name: "ever_hung", label: "Ever hung" },
  { name: "hung_recovered", label: "Hung, then recovered" },
  { name: "hung_ended", label: "Hung when it ended" },
  { name: "hung_crashed", label: "Hung, then crashed" },
];
export const labelOf = (name) => [...STATUSES, ...MORE_STATUSES].find((each) => each.name === name)?.label ?? name;

/** A word with a mark in its colour; the mark's form tells statuses apart without colour. */
export function badge(name, text = labelOf(name)) {
  return h("span", { class: `badge status-${name}` }, text);
}

/** The badges of a session: what it is, and whether it hangs. */
export const badges = (status, hung) => [badge(status), hung ? [" ", badge("hung")] : null];

/** What a document says that a session is: the first that holds. */
export function statusOf({ active, crashed, suspended }) {
  if (active) return "active";
  if (crashed) return "crashed";
  return suspended ? "suspended" : "ended";
}
