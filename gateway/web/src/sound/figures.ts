// One short figure of tones per priority, told apart by number and pitch of its tones.
import type { PriorityName } from "@/api/types";

/** A tone: frequency in Hz, start and length in seconds, loudness 0 to 1. */
export type Tone = readonly [hertz: number, at: number, lasts: number, loudness: number];

/** After IEC 60601-1-8: more tones, faster and higher, the more urgent. */
export const FIGURES: Record<PriorityName, readonly Tone[]> = {
  emergency: [
    [988, 0, 0.14, 1],
    [740, 0.17, 0.14, 1],
    [988, 0.34, 0.14, 1],
    [740, 0.51, 0.14, 1],
    [988, 0.68, 0.26, 1],
  ],
  high: [
    [784, 0, 0.15, 0.8],
    [784, 0.22, 0.15, 0.8],
    [988, 0.44, 0.2, 0.8],
  ],
  medium: [
    [659, 0, 0.16, 0.6],
    [523, 0.24, 0.2, 0.6],
  ],
  low: [[440, 0, 0.22, 0.4]],
  notice: [[330, 0, 0.1, 0.25]],
};

/** While the most urgent alert that nobody has acknowledged is of this priority, its figure sounds
 * again after so long (ms); null: it sounds once. */
export const REPEAT_MS: Record<PriorityName, number | null> = {
  emergency: 5_000,
  high: 30_000,
  medium: 120_000,
  low: null,
  notice: null,
};
