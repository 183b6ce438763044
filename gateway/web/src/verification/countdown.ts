// What is left of a time limit, and how long a step has taken, as a technician reads it.
import type { Step } from "@/api/types";

/** "9:41" from a minute on, "23" below: whole seconds, counted down to 0 and not beyond. */
export function left(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  if (seconds < 60) return String(seconds);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** What is left of a limit. Never more than there was: the page counts by whole seconds. */
export function remaining(started: number | null, due: number, now: number): string {
  return left(Math.min(due - now, started === null ? Infinity : due - started));
}

/** The part of a time limit that is left, 1 to 0; 1 when there is no limit. */
export function share(started: number | null, due: number | null, now: number): number {
  if (started === null || due === null || due <= started) return 1;
  return Math.min(1, Math.max(0, (due - now) / (due - started)));
}

export type Stage = "ahead" | "under_way" | "ended";

/** Where a step stands. One without a beginning was never needed once the run is over. */
export function stage(step: Step): Stage {
  if (step.ended !== null || step.verdict !== null) return "ended";
  return step.started === null ? "ahead" : "under_way";
}

/** The step that is under way; the last of them, if several are. */
export function current(steps: readonly Step[]): Step | undefined {
  return steps.filter((step) => stage(step) === "under_way").at(-1);
}
