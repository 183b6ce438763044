// The verdicts on recordings, and a camera's days as cells of a strip or of a calendar.
import type { RecordingDay, RecordingStatus, Verdict } from "@/api/types";

/** The worst first. */
export const STATUSES: readonly RecordingStatus[] = ["short", "gaps", "unknown", "met"];

/** The mark that a verdict is shown by: what is short or has gaps has failed. */
export function verdictOf(status: RecordingStatus): Verdict {
  return status === "met" || status === "unknown" ? status : "failed";
}

const OF_LETTER: Record<string, RecordingStatus> = {
  m: "met",
  s: "short",
  g: "gaps",
  u: "unknown",
};

/** How often each verdict stands in the letters of a strip. */
export function tally(marks: string): Record<RecordingStatus, number> {
  const counts = { met: 0, short: 0, gaps: 0, unknown: 0 };
  for (const letter of marks) counts[OF_LETTER[letter] ?? "unknown"] += 1;
  return counts;
}

/** Neighbours that are alike, as one piece: ninety days are a few rectangles. */
export type Run = { status: RecordingStatus; from: number; days: number };

export function runs(marks: string): Run[] {
  const made: Run[] = [];
  for (let at = 0; at < marks.length; at += 1) {
    const status = OF_LETTER[marks.charAt(at)] ?? "unknown";
    const last = made.at(-1);
    if (last?.status === status) last.days += 1;
    else made.push({ status, from: at, days: 1 });
  }
  return made;
}

/** A share that is never rounded up: a day with a hole is not recorded to 100 %. */
export function recorded(day: RecordingDay): number {
  const whole = day.end - day.begin;
  return whole <= 0 ? 0 : Math.floor((day.recorded_ms / whole) * 1000) / 10;
}

/** Weeks from Monday on; `null` where the first and the last week have days that are not judged. */
export function weeks(days: readonly RecordingDay[]): (RecordingDay | null)[][] {
  const first = days[0];
  if (!first) return [];
  const cells: (RecordingDay | null)[] = [...Array<null>(weekday(first.day)).fill(null), ...days];
  while (cells.length % 7 > 0) cells.push(null);
  return Array.from({ length: cells.length / 7 }, (_, week) => cells.slice(week * 7, week * 7 + 7));
}

/** 0 for Monday. */
function weekday(day: string): number {
  return (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7;
}
