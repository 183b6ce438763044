// Which alert is in view while nobody has chosen one: the most urgent, but not a new one with every
// batch of a flood, of which nobody could read a word.
import type { Alert } from "@/api/types";
import { loudest, pressing, rank, unacknowledged } from "@/alerts/ordering";

/** What came into view by itself stays for so long, unless something more urgent comes. */
export const DWELL_MS = 3_000;

/** `since` is when it came into view (ms). */
export type InView = { readonly id: number | null; readonly since: number };
export const NOTHING_IN_VIEW: InView = { id: null, since: 0 };

/** What is in view at `now`, of the foremost alert and the one in view until now. An emergency, and
 * whatever is more urgent than what is in view, comes at once; what is done with goes at once. */
export function inView(
  last: InView,
  foremost: Alert | undefined,
  shown: Alert | undefined,
  now: number,
): InView {
  if (foremost?.id === last.id) return last;
  if (foremost === undefined) return last.id === null ? last : { id: null, since: now };
  const urgent =
    pressing(foremost) ||
    loudest(foremost) ||
    shown === undefined ||
    rank(foremost.priority) < rank(shown.priority);
  const done = shown === undefined || !unacknowledged(shown);
  if (!urgent && !done && now - last.since < DWELL_MS) return last;
  return { id: foremost.id, since: now };
}
