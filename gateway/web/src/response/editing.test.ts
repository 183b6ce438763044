import { describe, expect, it } from "vitest";
import { complete, moved, rowOf, savedRows } from "@/response/editing";

const guard = rowOf({ role: "guard", name: "", telephone: " 1001 " });
const head = rowOf({ role: "principal", name: "", telephone: "1002" });
const empty = rowOf({ role: "", name: " ", telephone: "" });

describe("a list of contacts", () => {
  it("is saved without empty rows and spaces", () => {
    expect(savedRows([guard, empty])).toEqual([{ role: "guard", name: "", telephone: "1001" }]);
  });

  it("is complete when everybody has a role and a number", () => {
    expect(complete([guard, empty])).toBe(true);
    expect(complete([guard, rowOf({ role: "", name: "", telephone: "1" })])).toBe(false);
    expect(complete([rowOf({ role: "guard", name: "", telephone: "none" })])).toBe(false);
  });

  it("is called in an order that people change", () => {
    expect(moved([guard, head], 1, -1)).toEqual([head, guard]);
    expect(moved([guard, head], 0, -1)).toEqual([guard, head]);
    expect(moved([guard, head], 1, 1)).toEqual([guard, head]);
  });
});
