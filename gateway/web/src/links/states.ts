// The states of a police link, and which of them the header tells first.
import type { LinkState, PoliceLinkCounts } from "@/api/types";
import { language } from "@/words/words";

/** The worst first. */
export const STATES: readonly LinkState[] = ["down", "degraded", "unverified", "up"];

export const rank = (state: LinkState): number => STATES.indexOf(state);

/** Availability keeps its digits and is never rounded up: 99.98 is not 100. */
export function share(pct: number | null): string {
  if (pct === null) return "?";
  return `${(Math.floor(pct * 1000) / 1000).toLocaleString(language.value, { maximumFractionDigits: 3 })} %`;
}

export type Tally = { state: LinkState; count: number };

/** What is not well, the worst first; nothing when every link is up. */
export function troubles(counts: PoliceLinkCounts): Tally[] {
  return STATES.filter((state) => state !== "up" && counts[state] > 0).map((state) => ({
    state,
    count: counts[state],
  }));
}
