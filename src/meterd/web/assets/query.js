/** Asks the public metrics query: equal questions once, alike ones as one, few at a time, none that nobody waits for. */

import { combined, common, fits, hasTooMany, partOf, textOf } from "./combining.js";
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

/** Ask any address of this server. Throws a `QueryError` when it can't be reached. */
export async function reach(address, options = {}) {
  try {
    return await fetch(address, { credentials: "same-origin", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new QueryError(0, "The server can't be reached");
  }
}

/** Ask any address of this server for JSON. Throws `QueryError`. */
export async function askJson(address, options = {}) {
  const response = await reach(address, options);
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

const bodiesOf = (questions) => questions.map(({ body }) => body);

/** Take the first of those that wait, with what can be asked together with it. */
function takeNext() {
  const taken = [waiting.shift()];
  const [first] = taken;
  const alike = first.isAlone ? [] : waiting.filter((each) => !each.isAlone && each.common === first.common);
  for (const question of alike) {
    if (!fits(bodiesOf(taken), question.body)) continue;
    taken.push(question);
    waiting.splice(waiting.indexOf(question), 1);
  }
  return taken;
}

/** Let each question be asked by itself, before those that wait. */
function askAlone(questions) {
  const wanted = questions.filter((each) => each.wanted > 0);
  wanted.forEach((each) => Object.assign(each, { isAlone: true, beside: [each] }));
  waiting.unshift(...wanted);
}

/** Ask some questions as one. Where that is refused, the mistake is that of one of them: each is asked alone. */
async function answer(questions) {
  const body = combined(bodiesOf(questions));
  const abort = new AbortController();
  questions.forEach((each) => Object.assign(each, { abort, beside: questions }));
  try {
    const points = await send(JSON.stringify(body), abort.signal);
    if (hasTooMany(points, bodiesOf(questions), body)) return askAlone(questions);
    questions.forEach((each) => each.resolve(partOf(points, each.body, body)));
  } catch (error) {
    if (error.status === 400 && questions.length > 1) askAlone(questions);
    else questions.forEach((each) => each.reject(error));
  }
}

function startNext() {
  while (running < AT_ONCE && waiting.length) {
    const questions = takeNext();
    running += 1;
    answer(questions).finally(() => {
      running -= 1;
      startNext();
    });
  }
}

function open(key, body) {
  const question = { key, body, common: common(body), round: current, wanted: 0 };
  question.answer = new Promise((resolve, reject) => Object.assign(question, { resolve, reject }));
  const isOver = () => underWay.get(key) === question && underWay.delete(key);
  question.answer.then((points) => keep(question, points), () => {}).finally(isOver);
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
  else if (question.beside.every(({ wanted }) => wanted === 0)) question.abort?.abort();
}

/**
 * Ask a question, a body of the public query; returns its data points, with `otherGroups` where there are any. What was
 * asked since the last change of the page's state is answered as before, so nobody may change the points.
 * Throws `QueryError`, or an `AbortError` when `signal` says that the answer is not wanted any more.
 */
export function ask(body, { signal } = {}) {
  const key = textOf(body);
  if (answered.has(key)) return Promise.resolve(answered.get(key));
  const question = underWay.get(key) ?? open(key, body);
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
