// What follows from a newer build, and from alerts that have ended: pure, so that it can be tested.
import type { StreamEntry } from "@/api/types";

type Name = string | symbol | null | undefined;

/** From one alert to the next is no change of room: nobody waits for a load in the middle of an
 * alarm. */
const room = (name: Name) => (name === "alert" ? "alerts" : name);

/** Whether going there takes the newer build. Not the first time: that has just loaded. */
export function reloads(to: Name, from: Name): boolean {
  return from !== undefined && from !== null && room(to) !== room(from);
}

const ENDS: readonly string[] = ["acknowledged", "false_confirmed", "closed"];

/** The tags of the notifications of alerts after whose transitions nobody has to act. */
export function endedIn(entries: readonly StreamEntry[]): Set<string> {
  return new Set(
    entries.filter((one) => ENDS.includes(one.transition.kind)).map((one) => `alert-${one.alert.id}`),
  );
}
