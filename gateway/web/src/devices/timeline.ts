// The last ninety days of a device as cells of a strip, with what falls on each day.
import { rank } from "@/alerts/ordering";
import type { PriorityName, Timeline, TimelineDay, Verdict } from "@/api/types";

const DAY_MS = 86_400_000;

export type Cell = TimelineDay & {
  /** The alerts that stood on that day, the most urgent first. */
  alerts: Timeline["alerts"];
  verifications: { id: string; at: number; verdict: Verdict | null }[];
  /** The most urgent priority of the day's alerts. */
  worst: PriorityName | null;
  /** The verdict to mark: a failed one before an unknown one before a met one. */
  verdict: Verdict | null;
};

const GRAVITY: readonly Verdict[] = ["failed", "unknown", "met"];

/** One cell per day, oldest first. An alert is marked on each day on which it stood. */
export function cells(timeline: Timeline): Cell[] {
  return timeline.days.map((day) => {
    const end = day.day + DAY_MS;
    const alerts = timeline.alerts
      .filter((one) => one.since < end && (one.until === null || one.until >= day.day))
      .sort((a, b) => rank(a.priority) - rank(b.priority));
    const verifications = timeline.verifications
      .filter((one) => one.at >= day.day && one.at < end)
      .map(({ id, at, verdict: text }) => ({ id, at, verdict: GRAVITY.find((one) => one === text) ?? null }));
    return {
      ...day,
      alerts,
      verifications,
      worst: alerts[0]?.priority ?? null,
      verdict: GRAVITY.find((one) => verifications.some(({ verdict }) => verdict === one)) ?? null,
    };
  });
}

/** How many days were in which state, for those who hear the strip. */
export function tally(days: readonly TimelineDay[]): Record<TimelineDay["state"], number> {
  const count = { ok: 0, trouble: 0, silent: 0, unknown: 0 };
  for (const { state } of days) count[state] += 1;
  return count;
}

/** The cell under a finger at `x` of a strip that is `width` wide. */
export function cellAt(x: number, width: number, count: number): number {
  return Math.min(count - 1, Math.max(0, Math.floor((x / width) * count)));
}
