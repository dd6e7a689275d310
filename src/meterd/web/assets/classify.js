/** The page that tries classifiers on a text: what is found where. Nothing of the text is kept. */

import { mountControls } from "./controls.js";
import { announce, h, replace } from "./dom.js";
import { duration, number } from "./format.js";
import { askJson } from "./query.js";
import { table } from "./table.js";

const ADDRESS = "/api/classify";
const MOST_CHARACTERS = 100_000;
const EXAMPLE = `Hi, I'm Alice Example. Write to alice@example.com or call +49 30 901820.
My card is 4111 1111 1111 1111, the IBAN DE89 3704 0044 0532 0130 00.
AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE`;
const SURENESS = [["", "as the service is set"], ["VERY_LIKELY", "very likely"], ["LIKELY", "likely"], ["POSSIBLE", "possible"], ["UNLIKELY", "unlikely"], ["VERY_UNLIKELY", "very unlikely"]];

const page = document.getElementById("page");
const text = h("textarea", { id: "text", spellcheck: "false", autocomplete: "off", placeholder: "Paste a text here" });
const profile = h("select", { id: "profile" });
const minimum = h("select", { id: "minimum" }, SURENESS.map(([value, label]) => h("option", { value }, label)));
const button = h("button", { class: "primary", type: "submit" }, "Find");
const problem = h("p", { class: "problem", role: "alert" });
const marked = h("div", { class: "marked", tabindex: "0", role: "region", "aria-label": "The text, with what is found in it" });
const summary = h("p", { class: "description", role: "status" });

const list = table({
  label: "What is found",
  rows: [],
  columns: [
    { title: "At", read: (row) => row.start, show: (row) => `${row.start}–${row.end}`, isNumeric: true },
    { title: "Found", read: (row) => row.text, show: (row) => h("button", { class: "value", type: "button", title: row.text, onclick: () => choose(row) }, row.text) },
    { title: "Classifier", read: (row) => row.name, show: (row) => h("code", {}, row.name) },
    { title: "What it is", read: (row) => row.description },
    { title: "Category", read: (row) => row.category },
    { title: "Confidence", read: (row) => row.confidence, show: (row) => `${row.confidence}\u202f%`, isNumeric: true },
    { title: "Checked by", read: (row) => row.validators.join(", ") || "–" },
  ],
});

/** Pieces of a text between the edges of findings, each with what covers it; positions count code points. */
function pieces(characters, found) {
  const edges = [...new Set([0, characters.length, ...found.flatMap(({ start, end }) => [start, end])])].sort((a, b) => a - b);
  const starting = [...found].sort((a, b) => a.start - b.start);
  let open = [];
  let next = 0;
  return edges.slice(0, -1).map((start, index) => {
    open = open.filter(({ end }) => end > start);
    while (next < starting.length && starting[next].start <= start) open.push(starting[next++]);
    return { start, text: characters.slice(start, edges[index + 1]).join(""), covering: [...open] };
  });
}

function mark({ start, text: content, covering }) {
  if (!covering.length) return content;
  const names = [...new Set(covering.map(({ name }) => name))].join(", ");
  return h("mark", { title: names, dataset: { start } }, content, h("sub", {}, names));
}

/** Show where a finding of the list is. */
function choose({ start }) {
  for (const each of marked.querySelectorAll("mark")) each.classList.toggle("chosen", each.dataset.start === String(start));
  marked.querySelector("mark.chosen")?.scrollIntoView({ block: "nearest" });
}

function show({ found, milliseconds }, characters) {
  replace(marked, characters.length ? pieces(characters, found).map(mark) : "");
  const kinds = new Set(found.map(({ name }) => name)).size;
  const said = found.length ? `${number(found.length)} found, of ${number(kinds)} kinds, in ${duration(milliseconds)}` : `Nothing found, in ${duration(milliseconds)}`;
  replace(summary, said);
  list.setRows(found);
  announce(said);
  results.hidden = false;
  findings.hidden = found.length === 0;
}

async function classify(event) {
  event.preventDefault();
  const sent = text.value;
  const characters = [...sent];
  replace(problem, "");
  if (characters.length > MOST_CHARACTERS) {
    replace(problem, `The text has ${number(characters.length)} characters, this page takes ${number(MOST_CHARACTERS)}: paste a part of it.`);
    return;
  }
  const [uuid, version] = profile.value.split(" ");
  const body = { text: sent, profile: uuid, version: Number(version), ...(minimum.value ? { minimum: minimum.value } : {}) };
  button.disabled = true;
  try {
    show(await askJson(ADDRESS, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }), characters);
  } catch (error) {
    replace(problem, `${error.message}.`);
  } finally {
    button.disabled = false;
  }
}

async function fillProfiles() {
  try {
    const profiles = await askJson(ADDRESS);
    const chosen = profiles.find(({ isDefault }) => isDefault) ?? profiles[0];
    replace(profile, profiles.map((each) =>
      h("option", { value: `${each.uuid} ${each.version}`, selected: each === chosen, title: each.description },
        `${each.name} (${number(each.classifiers)} classifiers)`)));
  } catch (error) {
    button.disabled = true;
    replace(problem, `${error.message}.`);
  }
}

function useExample() {
  text.value = EXAMPLE;
  text.focus();
}

const form = h("form", { submit: classify, "aria-label": "Classify a text" },
  h("label", { for: "text", class: "hidden" }, "Text"),
  text,
  h("div", { class: "choices" },
    h("label", { for: "profile" }, "Profile", profile),
    h("label", { for: "minimum" }, "At least", minimum),
    button,
    h("button", { type: "button", onclick: useExample }, "Use an example")),
  problem);
text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});

function section(title, description, ...content) {
  return h("section", { class: "panel flow" }, h("header", {}, h("div", { class: "titles" }, h("h2", {}, title), description)), content);
}

const results = section("What is found where", summary, marked);
const findings = h("div", { class: "wide" }, section("Findings", h("p", { class: "description" }, "Choose one to see where it is; positions count characters from 0"), list));
results.hidden = true;
findings.hidden = true;

mountControls({ window: false, compare: false, refresh: false });
replace(page, h("div", { class: "classify" },
  section("Text", h("p", { class: "description" }, "It is sent to this server, and neither kept nor counted nor logged. Ctrl Enter finds."), form),
  results, findings));
fillProfiles();
