/** Asks the public metrics query: equal questions once, few at a time, none that nobody waits for. */

import { onChange } from "./state.js";

const ADDRESS = "/api/svc/v1/llm-gateway/metrics/query";
const AT_ONCE = 4;
const waiting = [];
const underWay = new Map();
const answered = new Map();
const MOST_ANSWERED = 60;
let running = 0;

/** Why there is no answer: the status of the response (0 without one), and the server's sentence. */
export class QueryError extends Error {
  constructor(status, message) {
    super(message);
    this.name = "QueryError";
    this.status = status;
  }
}

/** Leave for the sign-in page, and come back from there. */
export function signInAgain() {
  location.assign(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
  return new Promise(() => {});
}

async function sentence(response) {
  const body = await response.json().catch(() => ({}));
  return String(body.message ?? body.error ?? `the server answered ${response.status}`);
}

/** Ask any address of this server for JSON. Throws `QueryError`. */
export async function askJson(address, options = {}) {
  let response;
  try {
    response = await fetch(address, { credentials: "same-origin", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new QueryError(0, "The server can't be reached");
  }
  if (response.status === 401) return signInAgain();
  if (!response.ok) throw new QueryError(response.status, await sentence(response));
  return response.status === 204 ? null : response.json();
}

async function send(body, signal) {
  const headers = { "Content-Type": "application/json" };
  const { data } = await askJson(ADDRESS, { method: "POST", headers, body, signal });
  return Object.assign(data.dataPoints, { otherGroups: data.otherGroups });
}

/** Keep an answer until the page asks anew. */
function keep({ key, round }, points) {
  if (round === current && answered.size < MOST_ANSWERED) answered.set(key, points);
}

let current = 0;
onChange(({ reason }) => {
  if (reason === "panel") return;
  current += 1;
  answered.clear();
});

function startNext() {
  while (running < AT_ONCE && waiting.length) {
    const question = waiting.shift();
    running += 1;
    send(question.body, question.abort.signal)
      .then(question.resolve, question.reject)
      .finally(() => {
        running -= 1;
        if (underWay.get(question.key) === question) underWay.delete(question.key);
        startNext();
      });
  }
}

function open(key, body) {
  const question = { key, body, round: current, abort: new AbortController(), wanted: 0 };
  question.answer = new Promise((resolve, reject) => Object.assign(question, { resolve, reject }));
  question.answer.then((points) => keep(question, points)).catch(() => {});
  underWay.set(key, question);
  waiting.push(question);
  queueMicrotask(startNext);
  return question;
}

/** Give a question up once nobody waits for it any more. */
function leave(question) {
  question.wanted -= 1;
  if (question.wanted > 0) return;
  if (underWay.get(question.key) === question) underWay.delete(question.key);
  const place = waiting.indexOf(question);
  if (place >= 0) waiting.splice(place, 1);
  question.abort.abort();
}

/**
 * Ask a question, a body of the public query; returns its data points, with `otherGroups` where there are any. What was
 * asked since the last change of the page's state is answered as before, so nobody may change the points.
 * Throws `QueryError`, or an `AbortError` when `signal` says that the answer is not wanted any more.
 */
export function ask(body, { signal } = {}) {
  const key = JSON.stringify(Object.entries(body).sort(([a], [b]) => (a < b ? -1 : 1)));
  if (answered.has(key)) return Promise.resolve(answered.get(key));
  const question = underWay.get(key) ?? open(key, JSON.stringify(body));
  question.wanted += 1;
  if (!signal) return question.answer;
  return new Promise((resolve, reject) => {
    const stop = () => {
      leave(question);
      reject(new DOMException("not wanted any more", "AbortError"));
    };
    if (signal.aborted) return stop();
    signal.addEventListener("abort", stop, { once: true });
    question.answer.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

const ANSWERED = {
  userEmail: "createdBySubjectSlug",
  virtualAccount: "createdBySubjectSlug",
  virtualaccount: "createdBySubjectSlug",
  virtualModel: "virtualModelName",
};

/** The key of a group in answers. */
export const answerKey = (field) => ANSWERED[field] ?? field;

/** The key of an aggregation in answers. */
export const aggregationKey = ({ type, column }) => type + column[0].toUpperCase() + column.slice(1);
