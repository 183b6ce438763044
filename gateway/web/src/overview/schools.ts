// How a school is shown, and which comes first: pure, so that it can be tested.
import { rank } from "@/alerts/ordering";
import type { PriorityName, SchoolOverview, Tally } from "@/api/types";

export type Look = "trouble" | "unknown" | "well";

/** Trouble before doubt before well: an alert says more than that something else is not known. */
export function lookOf(school: SchoolOverview): Look {
  if (school.worst !== null) return "trouble";
  return school.doubt !== null ? "unknown" : "well";
}

/** What its colour is: the most urgent that waits, else the most urgent that is open. */
export function shownPriority(school: SchoolOverview): PriorityName | null {
  return school.waiting ?? school.worst;
}

export const allOf = (tally: Tally): number => tally.good + tally.bad + tally.unknown;

const LOOKS: readonly Look[] = ["trouble", "unknown", "well"];
const place = (priority: PriorityName | null): number => (priority === null ? 9 : rank(priority));

/** No. 5 comes before No. 15. */
const BY_NAME = new Intl.Collator("zh-CN", { numeric: true });

/** What waits first, by urgency; then what is open, then doubt, then devices that are not well;
 * equals by name, so that a school stands where one looks for it. */
export function before(a: SchoolOverview, b: SchoolOverview, name: (one: SchoolOverview) => string): number {
  return (
    place(a.waiting) - place(b.waiting) ||
    place(a.worst) - place(b.worst) ||
    LOOKS.indexOf(lookOf(a)) - LOOKS.indexOf(lookOf(b)) ||
    Number(b.devices.bad > 0) - Number(a.devices.bad > 0) ||
    BY_NAME.compare(name(a), name(b)) ||
    a.school.localeCompare(b.school)
  );
}

/** Within so much, when a school was last heard tells nothing new: tiles say it to the minute. */
const LATELY_MS = 30_000;

/** The answer with every school that is as it was in the very object that it was in: of a thousand
 * tiles only those are drawn anew that changed. */
export function merged(
  before: readonly SchoolOverview[],
  after: readonly SchoolOverview[],
): SchoolOverview[] {
  const known = new Map(before.map((one) => [one.school, one]));
  return after.map((one) => {
    const old = known.get(one.school);
    if (old === undefined) return one;
    const lately = one.heard !== null && old.heard !== null && one.heard - old.heard < LATELY_MS;
    if (!lately && one.heard !== old.heard) return one;
    return JSON.stringify({ ...one, heard: old.heard }) === JSON.stringify(old) ? old : one;
  });
}

/** A sum over the schools shown; what the gateway sends is over all of them. */
export function summed(schools: readonly SchoolOverview[], which: "devices" | "cameras" | "recorders"): Tally {
  const sum = { good: 0, bad: 0, unknown: 0, out_of_service: 0 };
  for (const { [which]: tally } of schools) {
    sum.good += tally.good;
    sum.bad += tally.bad;
    sum.unknown += tally.unknown;
    sum.out_of_service += tally.out_of_service;
  }
  return sum;
}
