import { describe, expect, it } from "vitest";
import { beginning, chart, named, scale } from "@/performance/bars";

const HOUR = 3_600_000;
const bar = (activations: number, hours = 1) => ({
  start: 0,
  activations,
  operator_hours: hours,
  flooded: 0,
});

describe("the chart of a period", () => {
  it("ends at a round number above the highest column", () => {
    expect(scale(0)).toEqual({ top: 4, lines: [1, 2, 3, 4] });
    expect(scale(37).top).toBe(40);
    expect(scale(41).top).toBe(80);
    expect(scale(900).top).toBe(1000);
    for (let most = 0; most < 2000; most++) expect(scale(most).top).toBeGreaterThanOrEqual(most);
  });

  it("draws columns to the scale", () => {
    expect(chart([bar(10), bar(40)], 6).columns.map((one) => one.height)).toEqual([0.25, 1]);
  });

  it("leaves out a target that would dwarf what happened", () => {
    expect(chart([bar(3, 24)], 6).columns[0]?.target).toBeNull();
    expect(chart([bar(10, 2)], 6).columns[0]?.target).toBe(1);
  });

  it("names no more columns than there is room for", () => {
    expect(named(24, 6)).toEqual([0, 4, 8, 12, 16, 20]);
    expect(named(3, 6)).toEqual([0, 1, 2]);
    expect(named(0, 6)).toEqual([]);
    expect(named(168, 8, true)).toEqual([0, 24, 48, 72, 96, 120, 144]);
    expect(named(25, 8, true)).toEqual([0, 4, 8, 12, 16, 20, 24]);
    expect(named(366, 8).length).toBeLessThanOrEqual(8);
  });

  it("begins a day on the hour and a longer period at midnight", () => {
    const now = new Date(2026, 10, 22, 14, 3, 21).getTime();
    expect(beginning(1, now)).toBe(Math.floor(now / HOUR) * HOUR - 24 * HOUR);
    expect(beginning(7, now)).toBe(new Date(2026, 10, 16).getTime());
  });
});
