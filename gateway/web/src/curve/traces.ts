// From the points of a curve to what is drawn: traces with holes, and where nothing is known.
import type { CurvePoint } from "@/api/types";

export type Traces = {
  /** Seconds since 1970, as the drawing wants them. */
  times: number[];
  mean: (number | null)[];
  low: (number | null)[];
  high: (number | null)[];
  /** Stretches without a reading, in seconds. */
  gaps: [from: number, to: number][];
};

/** What is shorter than this is no gap, in seconds. */
const SHORTEST_GAP_S = 120;

function typicalStep(points: readonly CurvePoint[]): number {
  const steps = points
    .slice(1)
    .map((point, at) => point.start - (points[at]?.start ?? point.start))
    .sort((a, b) => a - b);
  return steps[Math.floor(steps.length / 2)] ?? 0;
}

/**
 * Traces between `since` and `until` (ms). Where points are more than three times further apart
 * than usual, nothing is known: the trace breaks instead of inventing a line.
 */
export function traced(points: readonly CurvePoint[], since: number, until: number): Traces {
  const longest = Math.max(3 * typicalStep(points), SHORTEST_GAP_S * 1000);
  const traces: Traces = { times: [], mean: [], low: [], high: [], gaps: [] };
  const put = (at: number, point: CurvePoint | null) => {
    traces.times.push(at / 1000);
    traces.mean.push(point?.mean ?? null);
    traces.low.push(point?.low ?? null);
    traces.high.push(point?.high ?? null);
  };
  let known = since;
  for (const point of points) {
    if (point.start - known > longest) {
      put((known + point.start) / 2, null);
      traces.gaps.push([known / 1000, point.start / 1000]);
    }
    put(point.start + point.span / 2, point);
    known = Math.max(known, point.start + point.span);
  }
  if (until - known > longest) traces.gaps.push([known / 1000, until / 1000]);
  return traces;
}

/** The range of values to show: all of them and the limits, with a little air. */
export function scope(points: readonly CurvePoint[], limits: readonly number[]): [number, number] {
  const all = [...points.flatMap(({ low, high }) => [low, high]), ...limits];
  if (all.length === 0) return [0, 1];
  const bottom = Math.min(...all);
  const top = Math.max(...all);
  const air = (top - bottom || Math.abs(top) || 1) * 0.12;
  return [bottom >= 0 && bottom - air < 0 ? 0 : bottom - air, top + air];
}
