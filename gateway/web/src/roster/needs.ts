// What a school must have beside what is registered, and the form in which somebody changes it.
import type { Baseline, Need, Registered } from "@/api/types";

/** A place and a kind of device there: how many must be, how many are registered. */
export type Pair = {
  place: string;
  kind: string;
  gate: boolean;
  needed: number;
  there: number;
  idle: number;
};

export type Standing = "enough" | "missing" | "idle" | "beyond";

/** `idle`: there are enough only with devices that are out of service. */
export function standing(pair: Pair): Standing {
  if (pair.needed === 0) return "beyond";
  if (pair.there < pair.needed) return "missing";
  return pair.there - pair.idle < pair.needed ? "idle" : "enough";
}

/** Each place and kind that is asked for or registered; what is missing first. */
export function pairs(needs: readonly Need[], registered: readonly Registered[]): Pair[] {
  const found = new Map<string, Pair>();
  const of = (place: string, kind: string): Pair => {
    const key = JSON.stringify([place, kind]);
    const known = found.get(key) ?? { place, kind, gate: false, needed: 0, there: 0, idle: 0 };
    found.set(key, known);
    return known;
  };
  for (const need of needs) {
    const pair = of(need.place, need.kind);
    pair.needed += need.count;
    pair.gate ||= need.gate;
  }
  for (const one of registered) {
    const pair = of(one.place, one.kind);
    pair.there += one.count;
    pair.idle += one.out_of_service;
  }
  spread(found);
  const order: Standing[] = ["missing", "idle", "enough", "beyond"];
  return [...found.values()].sort(
    (a, b) => order.indexOf(standing(a)) - order.indexOf(standing(b)),
  );
}

/** What is asked for anywhere in the school is answered from every place. */
function spread(found: Map<string, Pair>): void {
  for (const pair of found.values()) {
    if (pair.place !== "" || pair.needed === 0) continue;
    for (const other of found.values()) {
      if (other.place === "" || other.kind !== pair.kind) continue;
      const spare = Math.max(0, other.there - other.needed);
      pair.there += spare;
      pair.idle += Math.min(spare, other.idle);
    }
  }
}

/** A row of the form; `key` keeps the rows apart while they are changed. */
export type NeedRow = {
  key: number;
  place: string;
  kind: string;
  count: number;
  gate: boolean;
  since: string;
};

let keys = 0;

export function rowOf(need: Omit<Need, "place_name">): NeedRow {
  const since = need.commissioned === null ? "" : new Date(need.commissioned).toISOString().slice(0, 10);
  return {
    key: ++keys,
    place: need.place,
    kind: need.kind,
    count: need.count,
    gate: need.gate,
    since,
  };
}

/** The rows to begin with: the list in effect; without one, what is proposed. */
export function firstRows(shown: Baseline): NeedRow[] {
  return (shown.version === 0 ? shown.suggested : shown.needs).map(rowOf);
}

/** What is proposed and in none of the rows: a place and kind each. */
export function lacking(rows: readonly NeedRow[], suggested: readonly Need[]): Need[] {
  const having = new Set(rows.map((row) => JSON.stringify([row.place, row.kind])));
  return suggested.filter((need) => !having.has(JSON.stringify([need.place, need.kind])));
}

/** As it is sent; days are those of UTC, as they are shown. */
export function sent(rows: readonly NeedRow[]) {
  return rows.map((row) => ({
    place: row.place,
    kind: row.kind,
    count: row.count,
    gate: row.gate,
    commissioned: row.since === "" ? null : Date.parse(`${row.since}T00:00:00Z`),
  }));
}

export const complete = (rows: readonly NeedRow[]): boolean =>
  rows.length > 0 &&
  rows.every((row) => row.kind !== "" && Number.isInteger(row.count) && row.count >= 1 && row.count <= 1000);
