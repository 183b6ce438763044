// How a device is doing, in the fewest words.
import type { Device, Names, PriorityName } from "@/api/types";
import { span } from "@/words/figures";
import { named, t } from "@/words/words";

/** What its mark and its sentence are made of. */
export type Health = {
  health: Device["health"];
  out_of_service: boolean;
  why: readonly { text: Names; priority?: PriorityName | null }[];
};

/** A device heard later than this many heartbeats is late; the rule decides when it is silent. */
const LATE = 1.5;

/** "2 min ago", and whether that is later than expected. */
export function lastSeen(
  { heard, expected }: Pick<Device, "heard" | "expected">,
  now: number,
): { text: string; late: boolean } {
  if (heard === null) return { text: t("page.device.never"), late: true };
  const age = now - heard;
  return { text: t("page.ago", { age: span(age) }), late: expected !== null && age > LATE * expected };
}

/** How long the last message was under way, in ms; null when nobody knows. */
export function delayOf(device: Device): number | null {
  if (device.heard === null || device.happened === null) return null;
  return device.heard - device.happened;
}

/** The first reason why it is as it is. */
export function reason(device: Health): string {
  const first = device.why[0];
  if (first !== undefined) return named(first.text);
  if (device.out_of_service) return t("page.device.out_of_service");
  return device.health === "unknown" ? t("page.device.unknown") : "";
}
