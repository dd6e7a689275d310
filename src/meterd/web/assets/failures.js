/** What failed, in words: what happened, and what to change. */

import { h, replace } from "./dom.js";

const FAILED = ["The server could not answer", "Its log says why."];
const REFUSED = ["The question was refused", ""];
const CAUSES = {
  0: ["The server can't be reached", "Look whether it runs, then ask again."],
  403: ["No permission", "Whoever runs this server can make a token that may."],
  503: ["The server is busy", "It takes no more questions at the moment."],
  504: ["The question took too long", "Choose a shorter window, or add a filter."],
};

/** Title and text of a failure: the server's sentence, and advice. */
function wordsOf({ status, message }) {
  if (status === undefined) return ["This can't be drawn", message];
  const [title, advice] = CAUSES[status] ?? (status < 500 ? REFUSED : FAILED);
  const sentence = message.replace(/^./, (first) => first.toUpperCase()).replace(/\.?$/, ".");
  return [title, [status ? sentence : "", advice].filter(Boolean).join(" ")];
}

/** Say in an element what failed, with a button that calls `again` where that may help. */
export function showError(element, error, again) {
  const isForbidden = error.status === 403;
  const [title, text] = wordsOf(error);
  const button = h("div", { class: "row" }, h("button", { type: "button", onclick: again }, "Ask again"));
  replace(
    element,
    h(
      "div",
      { class: `state ${isForbidden ? "forbidden" : "error"}`, role: "alert", title: text },
      h("strong", {}, title),
      h("p", { class: "small" }, text),
      isForbidden ? null : button,
    ),
  );
}
