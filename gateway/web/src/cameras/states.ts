// How a camera stands, in the words of the catalogues; which usual picture belongs to a moment.
import type { CameraFault, CameraReference, CameraState } from "@/api/types";
import { named, tOr } from "@/words/words";

/** As the wall has them: the worst first. */
export const STATES: readonly CameraState[] = [
  "trouble",
  "offline",
  "cannot_judge",
  "unknown",
  "good",
];

/** A probe brings a picture every quarter of an hour: one that is older has been waited for. */
export const OLD_MS = 20 * 60_000;

const PARTS = 6;
const HOURS = 24 / PARTS;

/** What a fault is called. */
export function faultName(fault: string): string {
  return tOr(`camera.fault.${fault}`, fault);
}

/** Why, in the words of whoever looks: the probe's own reason. */
export function sentence(fault: CameraFault): string {
  return named(fault.why.text, faultName(fault.fault));
}

/** Why a picture could not be judged. */
export function undecided(code: string): string {
  return tOr(`camera.undecidable.${code}`, code);
}

/** Which part of the day a moment is in, by the time of this screen. */
export function partOf(at: number): number {
  return Math.floor(new Date(at).getHours() / HOURS);
}

/** 08:00–12:00 */
export function hoursOf(part: number): string {
  const hour = (n: number) => `${String(n).padStart(2, "0")}:00`;
  return `${hour(part * HOURS)}–${hour((part + 1) * HOURS)}`;
}

/**
 * What this camera usually shows then: the usual picture of that part of the day under that light,
 * else the nearest part under it. Where the light is not known: of that part, the one that was seen
 * more often. Another light is no comparison.
 */
export function usualOf(
  references: readonly CameraReference[],
  part: number,
  grey: boolean | null,
): CameraReference | null {
  const apart = (one: CameraReference) => {
    const away = Math.abs(one.part - part);
    return Math.min(away, PARTS - away);
  };
  const fitting = references.filter((one) => grey === null || one.grey === grey);
  return [...fitting].sort((a, b) => apart(a) - apart(b) || b.looks - a.looks)[0] ?? null;
}
