// The map begins where there is something to compare.
import { describe, expect, it } from "vitest";
import { tilesOf } from "@/bureau/tiles";

const REGIONS = [
  { region: "province", parent: null },
  { region: "city", parent: "province" },
  { region: "west", parent: "city" },
  { region: "east", parent: "city" },
  { region: "town", parent: "east" },
];
const ids = (scope: string, regions = REGIONS) => tilesOf(regions, scope).map((one) => one.region);

describe("the fields", () => {
  it("are the counties where there is one province with one city, in their own order", () => {
    expect(ids("")).toEqual(["west", "east"]);
    expect(ids("city")).toEqual(["west", "east"]);
  });

  it("are the one below where nothing comes below it, and none at the bottom", () => {
    expect(ids("east")).toEqual(["town"]);
    expect(ids("town")).toEqual([]);
  });

  it("hold a region whose own is out of sight", () => {
    expect(ids("", REGIONS.slice(2))).toEqual(["west", "east"]);
    expect(ids("", [{ region: "a", parent: "a" }])).toEqual([]);
  });
});
