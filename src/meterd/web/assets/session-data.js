/** One session as a page keeps it: what it is now, and briefly all that happened; bodies are read when they are opened. */

import { askJson } from "./query.js";

const PAGE = 5000;
const MOST = 20_000;
const MOST_BODIES = 200;
const COLLECTIONS = { state_history: "states", events: "events" };

/** What a session is now, its `events` and `states` in the order of time; `isCut` when there are more than are kept. */
export class SessionData {
  constructor(id) {
    this.address = `/api/sessions/${encodeURIComponent(id)}`;
    this.document = null;
    this.events = [];
    this.states = [];
    this.isCut = false;
    this.last = {};
    this.bodies = new Map();
  }

  get isOver() {
    return Boolean(this.document && (this.document.ended_at || this.document.crashed));
  }

  /** Ask for what is new; tells whether anything is. */
  async refresh() {
    const before = this.document?.updated_at;
    const found = await Promise.all(Object.keys(COLLECTIONS).map((name) => this.readOn(name)));
    return found.some(Boolean) || before !== this.document.updated_at;
  }

  async readOn(collection) {
    const kept = this[COLLECTIONS[collection]];
    const isFirst = !kept.length;
    const { length } = kept;
    let cursor = this.last[collection];
    for (let goesOn = true; goesOn && kept.length < MOST;) {
      const parameters = new URLSearchParams({ brief: "true", collection, limit: PAGE, ...(cursor ? { cursor } : {}) });
      const answer = await askJson(`${this.address}?${parameters}`);
      const { [collection]: elements, next, state_history, events, metrics, ...document } = answer;
      this.document = document;
      for (const each of elements)
        if (each.cursor !== null || isFirst) kept.push({ ...each, at: Date.parse(each.timestamp) });
      const last = elements.findLast((each) => each.cursor !== null);
      if (last) cursor = String(BigInt(last.cursor) + 1n);
      goesOn = Boolean(next[collection]) && elements.length > 0;
      this.isCut ||= goesOn && kept.length >= MOST;
    }
    this.last[collection] = cursor;
    if (kept.length > length) kept.sort((a, b) => a.at - b.at);
    return kept.length > length;
  }

  /** Read one element as a whole. */
  body(collection, { cursor }) {
    if (cursor === null)
      return Promise.reject(new Error("It was recorded by an earlier version, and can't be read alone"));
    const key = `${collection} ${cursor}`;
    if (!this.bodies.has(key)) {
      if (this.bodies.size >= MOST_BODIES) this.bodies.delete(this.bodies.keys().next().value);
      const read = askJson(`${this.address}?${new URLSearchParams({ collection, cursor, limit: 1 })}`).then(
        (answer) => answer[collection][0],
      );
      read.catch(() => this.bodies.delete(key));
      this.bodies.set(key, read);
    }
    return this.bodies.get(key);
  }

  /** The time that everything fits into. */
  get whole() {
    const { created_at: created, updated_at: updated, ended_at: ended } = this.document;
    const times = [created, ended ?? updated].map((each) => Date.parse(each));
    for (const kept of [this.events, this.states]) if (kept.length) times.push(kept[0].at, kept[kept.length - 1].at);
    const [start, end] = [Math.min(...times), Math.max(...times)];
    const room = Math.max((end - start) * 0.01, 50);
    return { start: start - room, end: end + room };
  }
}
