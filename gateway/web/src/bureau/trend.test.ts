// A line of a rate does not bridge days of which there is nothing to tell.
import { describe, expect, it } from "vitest";
import { change, shares, strokes } from "@/bureau/trend";

const day = (met: number, failed: number) => ({ met, failed, unknown: 0 });

describe("the line", () => {
  it("goes from 0 at the bottom to 100 % at the top, over the whole width", () => {
    expect(strokes([0, 0.5, 1])).toEqual(["M0 24L50 12L100 0"]);
  });

  it("is interrupted where there was no school, and a day alone is still a point", () => {
    expect(strokes([1, null, 0, 0, null])).toEqual(["M0 0L0 0", "M50 24L75 24"]);
    expect(strokes([0.5])).toEqual(["M0 12L0 12"]);
    expect(strokes([])).toEqual([]);
  });

  it("comes from the schools of each day", () => {
    expect(shares([day(0, 0), day(1, 3), day(4, 0)])).toEqual([null, 0.25, 1]);
  });
});

describe("the change", () => {
  it("is between the first and the last day that are known", () => {
    expect(change([null, 0.5, 0.9, 0.625, null])).toBe(12.5);
    expect(change([0.8, 0.75])).toBe(-5);
    expect(change([null, 0.5])).toBeNull();
  });
});
