// What a feeder carries beside what it is made for, and which building it belongs to.
import type { Feeder, Names } from "@/api/types";

const PERCENT = 100;

/** Feeders of one building; `name` is `null` for those without a place. */
export type Building = {
  key: string;
  school: string;
  schoolName: Names;
  name: Names | null;
  feeders: Feeder[];
};

export const keyOf = (one: Feeder): string => `${one.school}/${one.device}`;

/** Building by building, in the order in which their first feeders come. */
export function byBuilding(feeders: readonly Feeder[]): Building[] {
  const found = new Map<string, Building>();
  for (const one of feeders) {
    const key = `${one.school}/${one.building?.id ?? ""}`;
    const building = found.get(key) ?? {
      key,
      school: one.school,
      schoolName: one.school_name,
      name: one.building?.name ?? null,
      feeders: [],
    };
    building.feeders.push(one);
    found.set(key, building);
  }
  return [...found.values()];
}

/** One phase: what flows, `null` = not measured, and how much of the rating that is, in percent. */
export type Phase = { name: string; amps: number | null; share: number | null };

/** The phases in their order; a single one has no name. */
export function phases(one: Feeder): Phase[] {
  return one.current_a.map((amps, number) => ({
    name: one.current_a.length > 1 ? `L${number + 1}` : "",
    amps,
    share: shareOf(amps, one.rating_a),
  }));
}

/** How much of `most` it is, in percent; `null`: one of them is not known. */
export function shareOf(value: number | null, most: number | null): number | null {
  return value === null || most === null || most <= 0 ? null : (PERCENT * Math.abs(value)) / most;
}

/** The highest of what could be measured. */
export function highest(values: readonly (number | null)[]): number | null {
  const known = values.filter((one): one is number => one !== null);
  return known.length === 0 ? null : Math.max(...known);
}

/** From the lowest to the highest of what could be measured. */
export function range(values: readonly (number | null)[]): [low: number, high: number] | null {
  const known = values.filter((one): one is number => one !== null);
  return known.length === 0 ? null : [Math.min(...known), Math.max(...known)];
}
