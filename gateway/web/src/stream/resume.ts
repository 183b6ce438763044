// What the page knows of the stream, folded from its events: pure, so that it can be tested.
import type { Counts, Feed, FeedFrame, Flood, HeldPress, PoliceLinkCounts, StreamEntry } from "@/api/types";

/** Without a sign of life for so long, what the page shows may be old. The gateway sends one a
 * second. */
export const STALLED_AFTER_MS = 3_000;

/** A connection that is open but silent for so long is dead (a cable pulled, a laptop woken). */
export const DEAD_AFTER_MS = 8_000;

export type StreamState = {
  /** The row of the last event taken in; null until the first: nothing to resume from yet. */
  readonly after: number | null;
  /** When the last sign of life came, by this browser's clock. */
  readonly heard: number | null;
  /** The gateway's clock minus this browser's, in ms. */
  readonly offset: number;
  readonly feed: Feed | null;
  readonly counts: Counts | null;
  /** Schools with more alerts than one can work through. */
  readonly floods: readonly Flood[];
  /** How many maintenances hide faults now. */
  readonly maintenances: number;
  /** How many police links are in which state; null: there are none. */
  readonly police: PoliceLinkCounts | null;
  /** Presses in test windows that wait to be confirmed. */
  readonly held: readonly HeldPress[];
};

export const UNHEARD: StreamState = {
  after: null,
  heard: null,
  offset: 0,
  feed: null,
  counts: null,
  floods: [],
  maintenances: 0,
  police: null,
  held: [],
};

/** Take in a batch of events; returns those not seen before, oldest first. */
export function taken(
  state: StreamState,
  entries: readonly StreamEntry[],
  now: number,
): [StreamState, StreamEntry[]] {
  const after = state.after;
  const fresh = after === null ? [...entries] : entries.filter((entry) => entry.row > after);
  const last = fresh.at(-1)?.row ?? after;
  return [{ ...state, after: last, heard: now }, fresh];
}

/** Take in a sign of life; `row` is the event it stands after, if it says so. */
export function heardFrom(
  state: StreamState,
  frame: FeedFrame,
  row: number | null,
  now: number,
): StreamState {
  return {
    ...state,
    after: row === null ? state.after : Math.max(row, state.after ?? 0),
    heard: now,
    offset: frame.feed.now - now,
    feed: frame.feed,
    counts: kept(state.counts, frame.counts),
    floods: kept(state.floods, frame.floods),
    maintenances: frame.maintenances,
    police: kept(state.police, frame.police_link),
    held: kept(state.held, frame.held),
  };
}

/** The one before where the next says the same: it comes every second, and whatever is drawn of it
 * would be drawn anew. */
function kept<T>(before: T, next: T): T {
  return JSON.stringify(before) === JSON.stringify(next) ? before : next;
}

export type Liveness = "connecting" | "live" | "stalled" | "dead";

/** How far what is shown can be trusted at `now`. `opened` is when the page first asked. */
export function liveness(state: StreamState, opened: number, now: number): Liveness {
  const silence = now - (state.heard ?? opened);
  if (silence > DEAD_AFTER_MS) return "dead";
  if (silence > STALLED_AFTER_MS) return "stalled";
  return state.heard === null ? "connecting" : "live";
}

/** How long to wait before connecting again: doubling from half a second to eight, each page at
 * its own moment so that a thousand screens do not knock at once. `chance` is in 0 to 1. */
export function patience(attempts: number, chance: number): number {
  return Math.min(8_000, 500 * 2 ** Math.min(attempts, 4)) * (0.5 + chance / 2);
}
