/** Suggestions for the value of a field: those that there are in the window, asked for when they are wanted. */

import { h, replace } from "./dom.js";
import { answerKey, ask } from "./query.js";
import { bodyOf } from "./questions.js";

const MOST = 20;
let made = 0;

async function valuesOf(datasource, field) {
  const query = {
    datasource, type: "distribution", startTs: "$start", endTs: "$end", groupBy: [field], orderBy: "total", limit: MOST,
  };
  const points = await ask(bodyOf(query));
  return points.map((point) => point[answerKey(field)]).filter((value) => value !== null && value !== undefined);
}

/** Give an input a list of values, which is filled when the input is focused. */
export function suggestions(input, datasource, field) {
  made += 1;
  const list = h("datalist", { id: `values-${made}` });
  input.setAttribute("list", list.id);
  const fill = async () => {
    const values = await valuesOf(datasource, field).catch(() => []);
    replace(list, values.map((value) => h("option", { value: String(value) })));
  };
  input.addEventListener("focus", fill, { once: true });
  return list;
}
