// What was recognised behind a feeder, put on the curves of its phases.
import type { Loads } from "@/api/types";

export type Load = Loads["loads"][number];
export type Span = { from: number; to: number; told: boolean };

const POWER = "power_w";

/** Of loads from `since` on (ms): those that were on at some time after it; on = until `now`. */
export function after(loads: readonly Load[], since: number, now: number): Load[] {
  return loads.filter((one) => (one.ended ?? now) > since);
}

/** The curves of power that a device has, one for each phase, with what to shade on each. */
export function powerCurves(
  metrics: readonly string[],
  loads: readonly Load[],
  now: number,
): { metric: string; spans: Span[] }[] {
  return metrics
    .filter((metric) => metric === POWER || metric.startsWith(`${POWER}.`))
    .map((metric) => {
      const phase = Number(metric.slice(POWER.length + 1) || 0);
      const spans = loads
        .filter((one) => one.phase === phase)
        .map((one) => ({ from: one.since, to: one.ended ?? now, told: one.told }));
      return { metric, spans };
    });
}
