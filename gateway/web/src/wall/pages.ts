// Which schools stand on which page of the wall, and which page is in sight: pure.
import type { PriorityName, SchoolOverview } from "@/api/types";

/** How long a page is in sight before the next one comes. */
export const PAGE_MS = 12_000;

export type Grid = { readonly columns: number; readonly rows: number };

/** The grid for `count` tiles in a field of `width` by `height`, no tile smaller than `least`: as
 * large as they can be. Without room for all, as many as fit: the others stand on further pages. */
export function gridFor(
  count: number,
  [width, height]: readonly [number, number],
  [leastWidth, leastHeight]: readonly [number, number],
): Grid {
  const most = {
    columns: Math.max(1, Math.floor(width / leastWidth)),
    rows: Math.max(1, Math.floor(height / leastHeight)),
  };
  let best: Grid = most;
  let size = 0;
  for (let columns = 1; columns <= most.columns; columns += 1) {
    const rows = Math.max(1, Math.ceil(count / columns));
    if (rows > most.rows) continue;
    // As large as the smaller of its sides lets its words be.
    const scale = Math.min(width / columns / leastWidth, height / rows / leastHeight);
    if (scale > size) {
      best = { columns, rows };
      size = scale;
    }
  }
  return best;
}

export type Cycle = {
  /** The schools in the order in which they stand; new ones come at the next round. */
  readonly order: readonly string[];
  readonly page: number;
  /** When the page came into sight. */
  readonly since: number;
  /** The schools that called for somebody when it was put in order. */
  readonly calling: ReadonlySet<string>;
};

export const NOTHING: Cycle = { order: [], page: 0, since: 0, calling: new Set() };

const CALLS: ReadonlySet<PriorityName> = new Set(["emergency", "high"]);

/** Whether somebody is to look at it now. */
export const callsFor = (school: SchoolOverview): boolean =>
  school.waiting !== null && CALLS.has(school.waiting);

/**
 * The next moment of the wall. `sorted` are the schools, the worst first; `newest` the school of
 * the newest emergency that nobody has acknowledged, if there is one.
 *
 * While an emergency waits its page stays in sight. Tiles keep their places for a round; a school
 * that begins to call puts them in order anew, from the first page.
 */
export function turned(
  cycle: Cycle,
  sorted: readonly SchoolOverview[],
  perPage: number,
  newest: string | null,
  now: number,
): Cycle {
  const calling = new Set(sorted.filter(callsFor).map((one) => one.school));
  if (newest !== null) calling.add(newest);
  const ids = sorted.map((one) => one.school);
  const known = new Set(cycle.order);
  const others = ids.length !== known.size || ids.some((id) => !known.has(id));
  const anew = others || [...calling].some((id) => !cycle.calling.has(id));
  if (anew) return held({ order: ids, page: 0, since: now, calling }, perPage, newest);
  const same = { ...cycle, calling };
  if (newest !== null) return held(same, perPage, newest);
  const pages = Math.max(1, Math.ceil(ids.length / perPage));
  if (cycle.page >= pages) return { ...same, page: 0, since: now };
  if (now - cycle.since < PAGE_MS || pages === 1) return same;
  const page = (cycle.page + 1) % pages;
  return { order: page === 0 ? ids : cycle.order, page, since: now, calling };
}

/** With the page of the newest emergency in sight, for as long as it waits. */
function held(cycle: Cycle, perPage: number, newest: string | null): Cycle {
  const place = newest === null ? -1 : cycle.order.indexOf(newest);
  return place < 0 ? cycle : { ...cycle, page: Math.floor(place / perPage) };
}
