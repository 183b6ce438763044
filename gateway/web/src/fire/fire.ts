// Rooms of detectors: which devices these are, how a level stands beside its limit, who came when.
import type { Detector, DeviceDetail, FireRoom, FireTurn } from "@/api/types";
import { kinds } from "@/register/register";
import { figure } from "@/words/figures";
import { t } from "@/words/words";

/** Values that tell of smoke, heat or gas, and whether a device of any kind that has it counts. */
const TELLS: ReadonlyMap<string, boolean> = new Map([
  ["smoke_alarm", true],
  ["co_alarm", true],
  ["gas_alarm", true],
  ["obscuration_pct_m", true],
  ["co_ppm", true],
  ["temperature_c", false], // may be that of anything
]);

/** Conditions that the verdict of a room tells of already. */
const OF_FIRE: ReadonlySet<string> = new Set([
  "room_fire",
  "smoke",
  "fire",
  "heat",
  "fire_suspected",
  "heavy_smoke",
  "rate_of_rise",
]);

export const ofFire = (condition: string): boolean => OF_FIRE.has(condition);

export const keyOf = (room: FireRoom): string => `${room.school}/${room.place ?? ""}`;

/** Whether devices of a kind may be detectors: those of a kind that nobody knows may. */
export function mayDetect(kind: string): boolean {
  const known = kinds.value.find((one) => one.kind === kind);
  return known === undefined || kind === "other" || known.values.some(({ name }) => TELLS.has(name));
}

/** Whether a device stands in the room of the place where it is registered. */
export function hasRoom(device: DeviceDetail): boolean {
  if (device.place_id === null || !mayDetect(device.kind)) return false;
  const known = kinds.value.find((one) => one.kind === device.kind);
  if (known?.values.some(({ name }) => TELLS.has(name))) return true;
  return Object.keys(device.values).some((name) => TELLS.get(name) === true);
}

/** A level beside its limit, if it has one. */
export function level(value: number, limit: number | null, unit: string): string {
  if (limit === null) return `${figure(value)} ${unit}`;
  return t("page.fire.level.of", { value: figure(value), limit: figure(limit), unit });
}

/** The nearest limit above: what a level is shown beside. A limit to fall short of is none. */
export function nearest(limits: readonly { value: number }[], value: number): number | null {
  const above = limits.map((one) => one.value).filter((limit) => limit > value);
  const all = limits.map((one) => one.value);
  if (all.length === 0) return null;
  return above.length > 0 ? Math.min(...above) : Math.max(...all);
}

/** What has a curve, and of which detectors: in the order of the detectors. */
export function curves(each: readonly Detector[]): Map<string, Detector[]> {
  const found = new Map<string, Detector[]>();
  for (const one of each)
    for (const { metric } of one.levels) found.set(metric, [...(found.get(metric) ?? []), one]);
  return found;
}

/** How much later than the first one each detector came, in ms; null: nobody noted when. */
export function turns(order: readonly FireTurn[]): { turn: FireTurn; after: number | null }[] {
  const began = order[0]?.at ?? null;
  return order.map((turn) => ({
    turn,
    after: began === null || turn.at === null ? null : turn.at - began,
  }));
}

/** The shortest of these stretches, in ms, in which a moment so long ago is in sight; else the longest. */
export function stretchFor(stretches: readonly number[], age: number): number {
  const inSight = stretches.filter((one) => age < 0.9 * one);
  return inSight.length > 0 ? Math.min(...inSight) : Math.max(...stretches);
}
