// Days of a calendar are not all 24 hours long, and what has not come yet is now.
import { describe, expect, it } from "vitest";
import { endOfDay, instantOf, ofAddress, scaleOf, stepOf, within } from "@/bureau/asof";

const at = (text: string) => new Date(text).getTime();
const FIRST = at("2026-03-20T15:30:00");
const NOW = at("2026-11-22T10:00:00");

describe("the slider", () => {
  it("has a step for each day of the calendar, from the first on which anything is known", () => {
    const scale = scaleOf(FIRST, NOW);
    expect(scale).toEqual({ first: FIRST, step: "day", last: 247 });
    expect(stepOf(scale, at("2026-03-20T00:00:00"))).toBe(0);
    expect(stepOf(scale, at("2026-03-20T23:59:59"))).toBe(0);
    expect(stepOf(scale, at("2026-03-21T00:00:00"))).toBe(1);
    expect(stepOf(scale, at("2026-11-22T00:00:00"))).toBe(247);
    expect(stepOf(scale, at("2026-01-01T00:00:00"))).toBe(0);
    expect(stepOf(scale, at("2027-01-01T00:00:00"))).toBe(247);
  });

  it("stands at the end of a day, whatever is done to the clocks in it", () => {
    const scale = scaleOf(FIRST, NOW);
    for (let day = 0; day < 247; day += 1) {
      const end = instantOf(scale, day, NOW);
      expect(end).not.toBeNull();
      expect(stepOf(scale, end ?? 0)).toBe(day);
      expect(stepOf(scale, (end ?? 0) + 1)).toBe(day + 1);
      expect(endOfDay(end ?? 0)).toBe(end);
    }
  });

  it("ends with now: today is not over", () => {
    const scale = scaleOf(FIRST, NOW);
    expect(instantOf(scale, 247, NOW)).toBeNull();
    expect(instantOf(scale, 300, NOW)).toBeNull();
  });

  it.each([
    [2 * 86_400_000, 3_600_000, 48],
    [20 * 60_000, 60_000, 20],
    [45_000, 10_000, 5],
    [0, 10_000, 0],
  ])("has finer steps in the first days: %d ms", (length, step, last) => {
    const scale = scaleOf(NOW - length, NOW);
    expect(scale).toMatchObject({ step, last });
    for (let number = 0; number < last; number += 1) {
      const moment = instantOf(scale, number, NOW);
      expect(moment).toBe(NOW - length + number * step);
      expect(stepOf(scale, moment ?? 0)).toBe(number);
    }
    expect(instantOf(scale, last, NOW)).toBeNull();
  });

  it("leads back with one step, at whatever moment", () => {
    for (let length = 1_000; length < 200_000; length += 777) {
      const scale = scaleOf(NOW - length, NOW);
      expect(instantOf(scale, scale.last - 1, NOW)).toBeLessThan(NOW);
    }
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
