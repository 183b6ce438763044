// How long a screen may be muted. Never for good: whoever muted it may be called away.

/** What a person may choose, in minutes. */
export const MINUTES = [5, 15, 30] as const;

const MINUTE_MS = 60_000;
const LONGEST_MS = Math.max(...MINUTES) * MINUTE_MS;

/** Until when (ms) a screen is muted for so many minutes from now on. */
export const mutedFor = (minutes: (typeof MINUTES)[number], now: number): number =>
  now + minutes * MINUTE_MS;

/** Until when it is muted by what it kept; 0: not, as when a clock was set back meanwhile. */
export function keptMute(kept: string | null, now: number): number {
  const until = Number(kept ?? 0);
  return Number.isFinite(until) && until > now && until <= now + LONGEST_MS ? until : 0;
}

/** What is left of it as a clock counts down: 4:07. */
export function left(until: number, now: number): string {
  const seconds = Math.max(0, Math.ceil((until - now) / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
