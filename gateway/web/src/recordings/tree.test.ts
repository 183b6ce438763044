import { describe, expect, it } from "vitest";
import { rowsOf } from "@/recordings/tree";

const NONE = { met: 0, short: 0, gaps: 0, unknown: 0, total: 0, falling: 0 };
const name = (zh: string) => ({ zh, en: zh });
const region = (id: string, parent: string | null) => ({ ...NONE, region: id, name: name(id), parent });
const school = (id: string, inside: string | null) => ({
  ...NONE,
  school: id,
  school_name: name(id),
  region: inside,
});

describe("the totals of recordings", () => {
  it("list each school under its own region", () => {
    const rows = rowsOf({
      all: NONE,
      regions: [region("city", null), region("east", "city"), region("west", "city")],
      schools: [school("one", "west"), school("two", "east")],
    });
    expect(rows.map(({ key, depth }) => [key, depth])).toEqual([
      ["all", 0],
      ["region:city", 0],
      ["region:east", 1],
      ["school:two", 2],
      ["region:west", 1],
      ["school:one", 2],
    ]);
  });

  it("lose nobody whose region is not listed", () => {
    const rows = rowsOf({
      all: NONE,
      regions: [region("county", "elsewhere")],
      schools: [school("one", null), school("two", "gone")],
    });
    expect(rows.map(({ key }) => key)).toEqual(["all", "region:county", "school:one", "school:two"]);
  });
});
