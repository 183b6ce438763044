// Regions keep their places, and a chosen one holds what lies in it at whatever depth.
import { expect, it } from "vitest";
import { inside } from "@/bureau/regions";

const region = (id: string | null, parent: string | null, complete = 0) => ({
  region: id,
  parent,
  name: { zh: id ?? "", en: id ?? "" },
  schools: 4,
  complete,
  failed: 0,
  items: [],
});
const REGIONS = [
  region(null, null),
  region("west", "city", 4),
  region("town", "east"),
  region("east", "city", 1),
  region("city", null),
];
const ids = (scope: string, list = REGIONS) => inside(list, scope, (one) => one.name.en).map((one) => one.region);

it("shows them by name whatever their figures are, and last what is listed nowhere", () => {
  expect(ids("")).toEqual(["city", "east", "town", "west", null]);
});

it("narrows to what lies in a region, at whatever depth, and ends where they lie in each other", () => {
  expect(ids("city")).toEqual(["east", "town", "west"]);
  expect(ids("east")).toEqual(["town"]);
  expect(ids("x", [region("a", "b"), region("b", "a")])).toEqual([]);
});
