// How a replay's alerts stand to what was raised, and the stretch of time that shows both.
import type { Replay, ReplayEpisode, ReplayPair, ReplayVerdict } from "@/api/types";

/** In the order in which they are told: what differs first. */
export const VERDICTS = ["only_replayed", "only_raised", "different", "same", "shared"] as const;

/** What these rules would add, take away or change; beside the word, never colour alone. */
export const SIGNS: Record<ReplayVerdict, string> = {
  only_replayed: "+",
  only_raised: "−",
  different: "~",
  same: "=",
  shared: "=",
};

const LEAST_MS = 30 * 60_000;
const MOST_MS = 2 * 86_400_000;
const AIR = 0.5;

export const running = (one: Replay | null): boolean => one === null || one.state === "running";

/** How many alerts differ from what was raised. */
export function differing(one: Replay): number {
  return VERDICTS.slice(0, 3).reduce((sum, verdict) => sum + (one.counts[verdict] ?? 0), 0);
}

/** The value whose curve shows a pair; null when it is about no value. */
export function metricOf(pair: ReplayPair): string | null {
  return (pair.replayed ?? pair.raised)?.explanation.metric || null;
}

/** The stretch that shows both episodes with some air, as `MetricCurve` wants it (ms). */
export function stretch(pair: ReplayPair, end: number): { until: number; window: number } {
  const both = [pair.raised, pair.replayed].filter((one): one is ReplayEpisode => one !== null);
  const from = Math.min(...both.map((one) => one.began));
  const to = Math.max(...both.map((one) => Math.min(one.ended ?? end, end)), from);
  const length = Math.max(LEAST_MS, (to - from) * (1 + 2 * AIR));
  const middle = (from + to) / 2;
  const window = Math.min(length, MOST_MS);
  // Of what lasts longer than fits, the beginning is shown: there the rules decided.
  const until = length > MOST_MS ? from + 0.75 * window : middle + window / 2;
  return { until: Math.min(until, Math.max(end, to)), window };
}
