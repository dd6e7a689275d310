/** Saved dashboards, as the server keeps them. What it refuses is thrown as `QueryError`. */

import { askJson } from "./query.js";

const ADDRESS = "/api/dashboards";

function send(method, address, body) {
  const headers = { "Content-Type": "application/json" };
  return askJson(address, { method, headers, body: body && JSON.stringify(body) });
}

/** Those that somebody saved and this person sees, last changed first. */
export async function allSaved() {
  const { dashboards } = await askJson(ADDRESS);
  return dashboards.filter(({ builtIn }) => !builtIn);
}

export const readSaved = (id) => askJson(`${ADDRESS}/${encodeURIComponent(id)}`);

/** Save a new one, for a team or for oneself. */
export const create = (dashboard, team) => send("POST", ADDRESS, { dashboard, team });

/** Change one, unless somebody else did meanwhile. */
export const change = ({ id, revision }, dashboard, team) =>
  send("PUT", `${ADDRESS}/${id}`, { dashboard, team, revision });

/** Delete one, unless somebody changed it meanwhile. */
export const remove = ({ id, revision }) => send("DELETE", `${ADDRESS}/${id}?revision=${revision}`);
