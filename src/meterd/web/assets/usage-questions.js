/** What the page of usage asks, and how its choices stand in the address. */

import { h } from "./dom.js";
import { labelled } from "./flow-panel.js";
import { QueryError, reach, signInAgain } from "./query.js";
import { update } from "./state.js";

const MOST_CHOICES = 500;

export const parameter = (name, otherwise = "") => new URLSearchParams(location.search).get(name) || otherwise;
export const query = (parameters) =>
  new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== "" && value !== undefined)).toString();

/** Ask an address of the usage protocol, whose errors are sentences after a number, in a header. */
export async function askUsage(address, { signal } = {}) {
  const response = await reach(address, { headers: { Accept: "application/json" }, signal });
  if (response.status === 401) return signInAgain();
  if (response.ok) return response.json();
  const sentence = response.headers.get("x-odsl-error") ?? `the server answered ${response.status}`;
  throw new QueryError(response.status, sentence.replace(/^\[\d+\] /, ""));
}

/** A select whose choice is a parameter of the address; `choices` are `[value, label]`, `also` changes with it. */
export const choice = (name, label, choices, chosen, also = {}) =>
  choiceOf(label, choices, chosen, (value) => update({ [name]: value, ...also }));

/** A select; `choose` is called with the value of a choice. */
export function choiceOf(label, choices, chosen, choose) {
  const known = choices.some(([value]) => value === chosen) ? choices : [[chosen, chosen], ...choices];
  const select = h(
    "select",
    { onchange: () => choose(select.value) },
    known.slice(0, MOST_CHOICES).map(([value, text]) => h("option", { value }, text)),
  );
  select.value = chosen;
  return labelled(label, select);
}
