// Which instant is shown: a day of a slider, any moment of a field, or now.

const DAY_MS = 86_400_000;

const midnight = (ms: number): Date => {
  const at = new Date(ms);
  at.setHours(0, 0, 0, 0);
  return at;
};

/** On which day since that of `first` the moment `at` lies, counted from 0, by this screen's days;
 * rounded, since a day on which the clocks are put forward or back is not 24 hours long. */
export function dayOf(first: number, at: number): number {
  const days = Math.round((midnight(at).getTime() - midnight(first).getTime()) / DAY_MS);
  return Math.max(0, days);
}

/** The last moment of a day of the slider; `null` = now: of the day that is not over yet. */
export function endOf(first: number, day: number, now: number): number | null {
  const end = midnight(first);
  end.setDate(end.getDate() + day + 1); // by the calendar: not each day has 24 hours
  return end.getTime() > now ? null : end.getTime() - 1;
}

/** A moment of the address or of a field within what is known; `null` = now, also for what has not
 * come yet or is no moment. */
export function within(at: number, first: number, now: number): number | null {
  if (!Number.isFinite(at) || at >= now) return null;
  return Math.max(first, at);
}

/** The moment that an address names; `null` = now. */
export function ofAddress(text: unknown): number | null {
  if (typeof text !== "string" || !/^\d{1,15}$/.test(text)) return null;
  return Number(text);
}
