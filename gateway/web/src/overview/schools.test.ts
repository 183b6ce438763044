import { describe, expect, it } from "vitest";
import type { SchoolOverview } from "@/api/types";
import { allOf, before, lookOf, merged, shownPriority, summed } from "@/overview/schools";

const NOBODY = { good: 0, bad: 0, unknown: 0, out_of_service: 0 };
const NONE = { emergency: 0, high: 0, medium: 0, low: 0, notice: 0 };

export const school = (id: string, more: Partial<SchoolOverview> = {}): SchoolOverview => ({
  school: id,
  name: { zh: id, en: id },
  region: null,
  worst: null,
  waiting: null,
  waiting_since: null,
  open: NONE,
  unacknowledged: NONE,
  police: "up",
  devices: { ...NOBODY, good: 3 },
  cameras: NOBODY,
  recorders: NOBODY,
  heard: 1,
  maintenances: 0,
  flood: null,
  doubt: null,
  ...more,
});

const order = (...schools: SchoolOverview[]) =>
  schools.sort((a, b) => before(a, b, (one) => one.school)).map((one) => one.school);

describe("schools", () => {
  it("stand with what waits first, then what is open, then doubt, then by name", () => {
    expect(
      order(
        school("well-b"),
        school("doubt", { doubt: "not_heard" }),
        school("taken", { worst: "emergency" }),
        school("well-a"),
        school("medium", { worst: "medium", waiting: "medium" }),
        school("emergency", { worst: "emergency", waiting: "emergency" }),
      ),
    ).toEqual(["emergency", "medium", "taken", "doubt", "well-a", "well-b"]);
  });

  it("look troubled with an alert, also when there is doubt, too", () => {
    expect(lookOf(school("a", { worst: "low", doubt: "not_heard" }))).toBe("trouble");
    expect(lookOf(school("a", { doubt: "link_unverified" }))).toBe("unknown");
    expect(lookOf(school("a"))).toBe("well");
  });

  it("wear the colour of what waits before that of what somebody has taken", () => {
    expect(shownPriority(school("a", { worst: "emergency", waiting: "low" }))).toBe("low");
    expect(shownPriority(school("a", { worst: "high" }))).toBe("high");
  });

  it("stay the same object while only the moment of the last message has moved on", () => {
    const old = [school("a", { heard: 1_000 }), school("b", { heard: 1_000 }), school("c")];
    const [a, b, c, d] = merged(old, [
      school("a", { heard: 6_000 }),
      school("b", { heard: 90_000 }),
      school("c", { maintenances: 1 }),
      school("d"),
    ]);
    expect(a).toBe(old[0]);
    expect([b?.heard, c?.maintenances, d?.school]).toEqual([90_000, 1, "d"]);
  });

  it("are summed with the unknown among all", () => {
    const sum = summed([school("a"), school("b", { devices: { ...NOBODY, bad: 1, unknown: 2 } })], "devices");
    expect([sum.good, allOf(sum)]).toEqual([3, 6]);
  });
});
