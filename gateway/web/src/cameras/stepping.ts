// The pictures that are kept of a camera, as steps from the oldest to the newest.
import type { CameraPicture } from "@/api/types";

const HEALTHY_MS = 72 * 3_600_000;

/** All of the last three days, or those with a fault, which are kept for thirty. */
export type Kept = "all" | "faulty";

/** The steps, the oldest first. */
export function steps(pictures: readonly CameraPicture[], kept: Kept, now: number): CameraPicture[] {
  const wanted = pictures.filter((one) =>
    kept === "faulty" ? one.faulty : one.at >= now - HEALTHY_MS,
  );
  return wanted.sort((a, b) => a.at - b.at);
}

/** Steps with a fault that follow one another, as pieces of a line. */
export function faultyRuns(pictures: readonly CameraPicture[]): { from: number; count: number }[] {
  const runs: { from: number; count: number }[] = [];
  pictures.forEach(({ faulty }, at) => {
    if (!faulty) return;
    const last = runs.at(-1);
    if (last !== undefined && last.from + last.count === at) last.count += 1;
    else runs.push({ from: at, count: 1 });
  });
  return runs;
}

/** Where a picture stands; when it is not among them, the last one before it, else the first. */
export function stepOf(pictures: readonly CameraPicture[], picture: CameraPicture | null): number {
  if (picture === null) return pictures.length - 1;
  const exact = pictures.findIndex(({ hash, at }) => hash === picture.hash && at === picture.at);
  if (exact >= 0) return exact;
  return Math.max(0, pictures.findLastIndex(({ at }) => at <= picture.at));
}
