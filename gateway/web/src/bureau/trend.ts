// The line of a rate over days: from figures to points, on a scale that is the same for all.
import type { Tally } from "@/bureau/rate";
import { allOf } from "@/bureau/rate";

/** The field that lines are drawn into, in units of its own. */
export const FIELD = { width: 100, height: 24 } as const;

/** The share met on each day, 0 to 1; `null`: there was no school yet. */
export const shares = (days: readonly Tally[]): (number | null)[] =>
  days.map((one) => (allOf(one) === 0 ? null : one.met / allOf(one)));

/**
 * The strokes of the line, each an SVG path: from 0 % at the bottom to 100 % at the top, so that
 * lines side by side can be held against each other. A day without schools interrupts it.
 */
export function strokes(line: readonly (number | null)[]): string[] {
  const step = line.length > 1 ? FIELD.width / (line.length - 1) : 0;
  const found: string[] = [];
  let points: string[] = [];
  const finish = () => {
    // One day alone is a point: a line of no length is drawn by its round ends.
    if (points.length === 1) points.push(points[0] ?? "");
    if (points.length > 0) found.push(`M${points.join("L")}`);
    points = [];
  };
  line.forEach((share, day) => {
    if (share === null) finish();
    else points.push(`${round(day * step)} ${round((1 - share) * FIELD.height)}`);
  });
  finish();
  return found;
}

const round = (value: number) => Math.round(value * 100) / 100;

/** By how many points of a hundred the rate has changed between the first and the last day that
 * have one, to the tenth; `null` with fewer than two. */
export function change(line: readonly (number | null)[]): number | null {
  const known = line.filter((one): one is number => one !== null);
  const [first, last] = [known[0], known.at(-1)];
  if (known.length < 2 || first === undefined || last === undefined) return null;
  return Math.round((last - first) * 1000) / 10;
}
