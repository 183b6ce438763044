// Which instant is shown: a step of a slider, any moment of a field, or now.

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** With fewer a slider is of no use, and finer ones are taken. */
const LEAST_STEPS = 3;
const FINER = [HOUR_MS, MINUTE_MS, 10 * SECOND_MS] as const;

/** The steps of a slider from `first` to now: days of this screen's calendar, or on the first of
 * them, fixed lengths. */
export type Scale = { readonly first: number; readonly step: "day" | number; readonly last: number };

const midnight = (ms: number): Date => {
  const at = new Date(ms);
  at.setHours(0, 0, 0, 0);
  return at;
};

/** The last moment of the day in which `at` lies. */
export function endOfDay(at: number): number {
  const end = midnight(at);
  end.setDate(end.getDate() + 1);
  return end.getTime() - 1;
}

/** How many days lie between; rounded, since a day on which clocks are put forward or back is not
 * 24 hours long. */
const daysBetween = (first: number, at: number): number =>
  Math.max(0, Math.round((midnight(at).getTime() - midnight(first).getTime()) / DAY_MS));

/** The coarsest steps of which there are some. */
export function scaleOf(first: number, now: number): Scale {
  const days = daysBetween(first, now);
  if (days >= LEAST_STEPS) return { first, step: "day", last: days };
  const step = FINER.find((length) => now - first >= LEAST_STEPS * length) ?? 10 * SECOND_MS;
  return { first, step, last: Math.max(0, Math.ceil((now - first) / step)) };
}

/** The step at which the moment `at` lies, from 0. */
export function stepOf(scale: Scale, at: number): number {
  const found = scale.step === "day" ? daysBetween(scale.first, at) : Math.floor((at - scale.first) / scale.step);
  return Math.min(scale.last, Math.max(0, found));
}

/** The moment of a step: the end of a day; `null` = now: of the step that is not over yet. */
export function instantOf(scale: Scale, step: number, now: number): number | null {
  if (step >= scale.last) return null;
  if (scale.step !== "day") {
    const at = scale.first + step * scale.step;
    return at >= now ? null : at;
  }
  const then = midnight(scale.first);
  then.setDate(then.getDate() + step); // by the calendar: not each day has 24 hours
  const end = endOfDay(then.getTime());
  return end >= now ? null : end;
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
