/** Stacks of calls as people read them, of the languages that applications are written in. */

import { h } from "./dom.js";

const FORMS = [
  { form: /^\s*File "(?<file>[^"]+)", line (?<line>\d+)(?:, in (?<call>.+))?/ },
  { form: /^\s*at (?:async )?(?<call>[^()]+?) \((?<file>[^()]+?):(?<line>\d+)(?::\d+)?\)\s*$/ },
  { form: /^\s*at (?<file>(?:\w+:\/\/|\/|[A-Za-z]:)[^()]*?):(?<line>\d+)(?::\d+)?\s*$/ },
  { form: /^\s*at (?<call>[\w.$<>]+)\((?<file>[\w.$-]+):(?<line>\d+)\)/ },
  { form: /^\s*at (?<call>.+) in (?<file>.+):line (?<line>\d+)/ },
  { form: /^\s+(?<file>\/[^\s:]+\.go):(?<line>\d+)/ },
  { form: /^(?<file>[^\s:]+\.rb):(?<line>\d+):in [`'](?<call>[^']+)'/ },
];
const MOST_LINES = 1000;

/** Lines of a stack as frames `{file, line, call, code}`, or `{text}` where no form is known. */
export function frames(stack) {
  const lines = stack
    .flatMap((each) => String(each).split("\n"))
    .map((each) => each.trimEnd())
    .filter(Boolean);
  const found = [];
  for (const text of lines.slice(0, MOST_LINES)) {
    const match = text.length < 2000 ? FORMS.map(({ form }) => form.exec(text)).find(Boolean) : null;
    const last = found[found.length - 1];
    if (match) found.push({ ...match.groups, code: [] });
    else if (last?.file && /^\s{2,}/.test(text) && last.code.length < 3) last.code.push(text.trim());
    else found.push({ text });
  }
  return found;
}

/** A stack as a list. */
export function stackList(stack) {
  return h(
    "ol",
    { class: "frames" },
    frames(stack).map((each) =>
      each.file
        ? h(
            "li",
            { class: "frame" },
            h(
              "div",
              {},
              h("strong", {}, each.call ?? "top level"),
              " ",
              h("span", { class: "place" }, `${each.file}:${each.line}`),
            ),
            each.code.map((line) => h("code", {}, line)),
          )
        : h("li", { class: "words" }, each.text),
    ),
  );
}
