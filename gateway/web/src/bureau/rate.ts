// Rates: how many of all schools of the roster, never rounded up to a hundred.
import type { Figures, SchoolVerdicts } from "@/bureau/shapes";
import type { Verdict } from "@/api/types";

/** How many schools stand how. */
export type Tally = { readonly met: number; readonly failed: number; readonly unknown: number };

export const NONE: Tally = { met: 0, failed: 0, unknown: 0 };

export const allOf = (tally: Tally): number => tally.met + tally.failed + tally.unknown;

/** In percent, to the tenth and cut, not rounded: 1,999 of 2,000 are not 100 %. `null`: of nothing
 * there is no share. */
export function rateOf(tally: Tally): number | null {
  const all = allOf(tally);
  if (all === 0) return null;
  // In tenths as whole numbers: 100 * 0.29 would be 28.999…
  return Math.floor((1000 * tally.met) / all) / 10;
}

/** 100 %, 99.9 %, 0 %; a question mark where there is nothing to have a share of. */
export function rateText(tally: Tally): string {
  const rate = rateOf(tally);
  if (rate === null) return "?";
  return `${Number.isInteger(rate) ? rate : rate.toFixed(1)} %`;
}

/** How a field of the map stands: what is told by its look, beside the figure. */
export type Standing = "whole" | "most" | "half" | "little" | "unknown" | "nothing";

const MOST = 80;
const HALF = 50;

/** In which of a few shades: many shades nobody can tell apart. Mostly unknown has its own. */
export function standingOf(tally: Tally): Standing {
  const rate = rateOf(tally);
  if (rate === null) return "nothing";
  if (tally.met === allOf(tally)) return "whole";
  if (tally.unknown > tally.failed && rate < MOST) return "unknown";
  if (rate >= MOST) return "most";
  return rate >= HALF ? "half" : "little";
}

/** Schools at which every item is met; failed are those with an item that is. */
export function wholeOf(figures: Figures): Tally {
  const { complete, failed, schools } = figures;
  return { met: complete, failed, unknown: schools - complete - failed };
}

/** Of one item, or of all together when `item` is empty. */
export function tallyOf(figures: Figures, item: string): Tally {
  if (item === "") return wholeOf(figures);
  return figures.items.find((one) => one.item === item) ?? NONE;
}

/** Of a school: its verdict on one item, or on all together: failed as soon as one of them is. */
export function verdictOf(school: SchoolVerdicts, item: string): Verdict | null {
  if (item !== "") return school.items.find((one) => one.item === item)?.verdict ?? null;
  if (school.complete) return "met";
  return school.items.some((one) => one.verdict === "failed") ? "failed" : "unknown";
}
