import { describe, expect, it } from "vitest";
import type { CameraReference } from "@/api/types";
import { hoursOf, partOf, usualOf } from "@/cameras/states";

const reference = (part: number, grey: boolean, looks = 100): CameraReference => ({
  part,
  grey,
  looks,
  at: 0,
  hash: `${part}${String(grey)}`,
});

describe("the parts of a day", () => {
  it("are of four hours, from midnight on", () => {
    const at = (hour: number) => new Date(2026, 10, 22, hour, 59).getTime();
    expect([0, 3, 4, 12, 23].map((hour) => partOf(at(hour)))).toEqual([0, 0, 1, 3, 5]);
    expect([hoursOf(0), hoursOf(5)]).toEqual(["00:00–04:00", "20:00–24:00"]);
  });
});

describe("the usual picture", () => {
  it("is that of the part of the day, in the light of the picture", () => {
    const all = [reference(2, true), reference(2, false), reference(3, false)];
    expect(usualOf(all, 2, false)).toBe(all[1]);
  });

  it("is of the nearest part when this one is not known; midnight is no border", () => {
    const all = [reference(1, true), reference(5, true)];
    expect(usualOf(all, 0, true)?.part).toBe(1);
    expect(usualOf([reference(3, true), reference(5, true)], 0, true)?.part).toBe(5);
  });

  it("is never of another light", () => {
    expect(usualOf([reference(2, true)], 2, false)).toBeNull();
  });

  it("is what was seen more often, where nobody knows the light", () => {
    const all = [reference(2, true, 20), reference(2, false, 200), reference(1, true, 900)];
    expect(usualOf(all, 2, null)).toBe(all[1]);
  });
});
