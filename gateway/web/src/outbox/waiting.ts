// An act that waits to be sent, and what becomes of it: pure, so that it can be tested.
import type { Names } from "@/api/types";
import type { Key } from "@/words/words";

/** How long one attempt may take. Short: on a poor network a new one does better than patience. */
export const ATTEMPT_MS = 8_000;

/** While one page sends an act, no other takes it. */
export const HELD_MS = ATTEMPT_MS + 1_000;

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/** What a person wants done. Times by this browser's clock, in ms. */
export type Act = {
  readonly method: "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly body: unknown;
  /** Acts of one lane go out in the order in which they were made. */
  readonly lane: string;
  /** How it is called on the screen. */
  readonly word: Key;
  readonly thing: Names | null;
  /** After this moment nobody wants it any more; it is not sent then. */
  readonly until: number | null;
};

export type Refusal = { readonly status: number; readonly code: string; readonly detail: string };

export type Waiting = Act & {
  /** The same at each attempt: the gateway does it once. */
  readonly key: string;
  readonly user: string;
  readonly made: number;
  /** Times it was put on its way; an answer may have been lost. */
  readonly attempts: number;
  /** Not before. */
  readonly next: number;
  /** The page that is sending it, and until when that holds. */
  readonly holder: string;
  readonly held: number;
  /** `refused`: the gateway said no. `lapsed`: its time was over first. Kept until read. */
  readonly state: "waiting" | "refused" | "lapsed";
  readonly refusal: Refusal | null;
};

export function made(act: Act, key: string, user: string, now: number): Waiting {
  return {
    ...act,
    key,
    user,
    made: now,
    attempts: 0,
    next: now,
    holder: "",
    held: 0,
    state: "waiting",
    refusal: null,
  };
}

/** Whether its time was over before it could be sent or sent again. */
export const over = (one: Waiting, now: number) =>
  one.state === "waiting" && one.until !== null && now > one.until;

const oldestFirst = (a: Waiting, b: Waiting) => a.made - b.made || (a.key < b.key ? -1 : 1);

/** The first of each lane that this person still has to send. */
function heads(all: readonly Waiting[], user: string): Waiting[] {
  const first = new Map<string, Waiting>();
  for (const one of [...all].sort(oldestFirst))
    if (one.state === "waiting" && one.user === user && !first.has(one.lane)) first.set(one.lane, one);
  return [...first.values()];
}

/** What can be sent now. */
export function ready(all: readonly Waiting[], user: string, now: number): Waiting[] {
  return heads(all, user).filter(
    (one) => one.held <= now && (one.next <= now || over(one, now)),
  );
}

/** When to look again; null = nothing waits. */
export function wake(all: readonly Waiting[], user: string): number | null {
  const moments = heads(all, user).map((one) =>
    Math.max(one.held, Math.min(one.next, one.until === null ? Infinity : one.until + 1)),
  );
  return moments.length === 0 ? null : Math.min(...moments);
}

/** Take it for sending, unless somebody else has or its time is over. */
export function taken(one: Waiting, holder: string, now: number): Waiting {
  if (one.state !== "waiting" || one.held > now) return one;
  if (over(one, now)) return { ...one, state: "lapsed" };
  return { ...one, holder, held: now + HELD_MS, attempts: one.attempts + 1 };
}

/** Whether trying again may help: no answer, no session, too busy, or broken over there. */
export function passing(status: number): boolean {
  return status === 0 || [401, 408, 425, 429].includes(status) || status >= 500;
}

/** After an attempt that did not succeed. `chance` is in 0 to 1. */
export function failed(one: Waiting, why: Refusal, now: number, chance: number): Waiting {
  const free = { ...one, holder: "", held: 0, refusal: why };
  if (!passing(why.status)) return { ...free, state: "refused" };
  return { ...free, next: now + pause(one.attempts, chance) };
}

/** How long to wait after so many attempts: doubling from one second to thirty. */
export function pause(attempts: number, chance: number): number {
  const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.max(0, attempts - 1));
  return longest * (0.5 + chance / 2);
}
