// Days of a calendar are not all 24 hours long, and what has not come yet is now.
import { describe, expect, it } from "vitest";
import { dayOf, endOf, ofAddress, within } from "@/bureau/asof";

const at = (text: string) => new Date(text).getTime();
const FIRST = at("2026-03-20T15:30:00");
const NOW = at("2026-11-22T10:00:00");

describe("the slider", () => {
  it("counts days of the calendar, from the first on which anything is known", () => {
    expect(dayOf(FIRST, at("2026-03-20T00:00:00"))).toBe(0);
    expect(dayOf(FIRST, at("2026-03-20T23:59:59"))).toBe(0);
    expect(dayOf(FIRST, at("2026-03-21T00:00:00"))).toBe(1);
    expect(dayOf(FIRST, at("2026-11-22T00:00:00"))).toBe(247);
    expect(dayOf(FIRST, at("2026-01-01T00:00:00"))).toBe(0);
  });

  it("stands at the end of a day, whatever is done to the clocks in it", () => {
    for (let day = 0; day < 247; day += 1) {
      const end = endOf(FIRST, day, NOW);
      expect(end).not.toBeNull();
      expect(dayOf(FIRST, end ?? 0)).toBe(day);
      expect(dayOf(FIRST, (end ?? 0) + 1)).toBe(day + 1);
    }
  });

  it("ends with now: today is not over", () => {
    expect(endOf(FIRST, 247, NOW)).toBeNull();
    expect(endOf(FIRST, 300, NOW)).toBeNull();
  });
});

describe("a moment that somebody names", () => {
  it("is now when it has not come yet, and no earlier than what is known", () => {
    expect(within(NOW + 1, FIRST, NOW)).toBeNull();
    expect(within(Number.NaN, FIRST, NOW)).toBeNull();
    expect(within(FIRST - 1, FIRST, NOW)).toBe(FIRST);
    expect(within(FIRST + 5, FIRST, NOW)).toBe(FIRST + 5);
  });

  it("is read from an address only when it is one", () => {
    expect(ofAddress("1790000000000")).toBe(1_790_000_000_000);
    for (const bad of ["", "-1", "soon", "1e9", undefined, null, ["1"]]) expect(ofAddress(bad)).toBeNull();
  });
});
