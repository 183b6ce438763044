// The states of a police link, and which of them the header tells first.
import type { LinkState, PoliceLinkCounts } from "@/api/pending-h";

/** The worst first. */
export const STATES: readonly LinkState[] = ["down", "degraded", "unverified", "up"];

export const rank = (state: LinkState): number => STATES.indexOf(state);

export type Tally = { state: LinkState; count: number };

/** What is not well, the worst first; nothing when every link is up. */
export function troubles(counts: PoliceLinkCounts): Tally[] {
  return STATES.filter((state) => state !== "up" && counts[state] > 0).map((state) => ({
    state,
    count: counts[state],
  }));
}
