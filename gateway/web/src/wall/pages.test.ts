import { describe, expect, it } from "vitest";
import type { SchoolOverview } from "@/api/types";
import { gridFor, NOTHING, PAGE_MS, turned } from "@/wall/pages";

type Wanted = Partial<Pick<SchoolOverview, "waiting" | "worst">>;
const school = (id: string, more: Wanted = {}) =>
  ({ school: id, worst: null, waiting: null, ...more }) as SchoolOverview;
const schools = (...ids: string[]) => ids.map((id) => school(id));

describe("the grid of the wall", () => {
  const field = [1920, 900] as const;
  const least = [440, 200] as const;

  it("gives a single school all the room", () => {
    expect(gridFor(1, field, least)).toEqual({ columns: 1, rows: 1 });
  });

  it("makes tiles as large as they can be", () => {
    expect(gridFor(4, field, least)).toEqual({ columns: 2, rows: 2 });
    expect(gridFor(12, field, least)).toEqual({ columns: 3, rows: 4 });
  });

  it("makes them no smaller than can be read: the others come on further pages", () => {
    expect(gridFor(1000, field, least)).toEqual({ columns: 4, rows: 4 });
  });

  it("has room for one where there is room for none", () => {
    expect(gridFor(3, [300, 100], least)).toEqual({ columns: 1, rows: 1 });
  });
});

describe("the pages of the wall", () => {
  const calm = schools("a", "b", "c", "d", "e");
  const first = turned(NOTHING, calm, 2, null, 0);

  it("come one after the other and begin anew", () => {
    let cycle = first;
    const seen = [];
    for (let round = 0; round < 4; round += 1) {
      seen.push(cycle.page);
      cycle = turned(cycle, calm, 2, null, cycle.since + PAGE_MS);
    }
    expect(seen).toEqual([0, 1, 2, 0]);
  });

  it("stay in sight for their time", () => {
    expect(turned(first, calm, 2, null, PAGE_MS - 1).page).toBe(0);
  });

  it("do not turn when all fit on one", () => {
    expect(turned(turned(NOTHING, calm, 9, null, 0), calm, 9, null, 9 * PAGE_MS).page).toBe(0);
  });

  it("never turn away from an emergency that waits", () => {
    const sorted = [school("d", { waiting: "emergency", worst: "emergency" }), ...schools("a", "b", "c", "e")];
    let cycle = turned(turned(first, calm, 2, null, PAGE_MS), sorted, 2, "d", PAGE_MS + 1);
    for (let later = 0; later < 20; later += 1) {
      cycle = turned(cycle, sorted, 2, "d", PAGE_MS * (2 + later));
      expect(cycle.order.slice(cycle.page * 2, cycle.page * 2 + 2)).toContain("d");
    }
  });

  it("go to the emergency at once, also before its tile knows of it", () => {
    const cycle = turned(first, calm, 2, "e", 10);
    expect(cycle.order.slice(cycle.page * 2, cycle.page * 2 + 2)).toContain("e");
  });

  it("turn again once somebody has taken it", () => {
    const alarmed = turned(first, calm, 2, "e", 10);
    expect(turned(alarmed, calm, 2, null, PAGE_MS * 3).page).not.toBe(alarmed.page);
  });

  it("show a school that begins to call at once, in front", () => {
    const second = turned(first, calm, 2, null, PAGE_MS);
    const sorted = [school("e", { waiting: "high", worst: "high" }), ...schools("a", "b", "c", "d")];
    const cycle = turned(second, sorted, 2, null, PAGE_MS + 1);
    expect([cycle.page, cycle.order[0]]).toEqual([0, "e"]);
  });

  it("keep every tile in its place for a round", () => {
    const second = turned(first, calm, 2, null, PAGE_MS);
    const sorted = [school("e", { waiting: "low", worst: "low" }), ...schools("a", "b", "c", "d")];
    expect(turned(second, sorted, 2, null, PAGE_MS + 1).order).toEqual(["a", "b", "c", "d", "e"]);
  });

  it("are put in order anew when a school comes or goes", () => {
    expect(turned(first, schools("a", "b"), 2, null, 1).order).toEqual(["a", "b"]);
  });

  it("fall back to the first when the page in sight is gone", () => {
    const third = { ...first, page: 2, since: 0 };
    expect(turned(third, calm, 5, null, 1).page).toBe(0);
  });
});
