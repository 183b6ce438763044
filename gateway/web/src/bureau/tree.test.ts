// A tree that is walked with keys alone, and in which nobody is lost.
import { describe, expect, it } from "vitest";
import { rowsOf, step } from "@/bureau/tree";
import type { Node } from "@/bureau/tree";

const all: Node = { key: "all", kind: "all", parent: null };
const region = (id: string, parent: string | null = "all"): Node => ({ key: `region:${id}`, kind: "region", parent });
const school = (id: string, parent: string): Node => ({ key: `school:${id}`, kind: "school", parent });
const NODES: Node[] = [
  all,
  region("city"),
  region("east", "region:city"),
  region("west", "region:city"),
  school("no3", "region:east"),
  school("no5", "region:east"),
];
const told = (opened: string[], nodes = NODES) =>
  rowsOf(nodes, new Set(opened)).map(({ node, level, place, places, open }) => [node.key, level, place, places, open]);

describe("the rows in sight", () => {
  it("are those below what is open, each with its place among its own", () => {
    expect(told([])).toEqual([
      ["all", 1, 1, 1, true],
      ["region:city", 2, 1, 1, false],
    ]);
    expect(told(["region:city", "region:east"])).toEqual([
      ["all", 1, 1, 1, true],
      ["region:city", 2, 1, 1, true],
      ["region:east", 3, 1, 2, true],
      ["school:no3", 4, 1, 2, null],
      ["school:no5", 4, 2, 2, null],
      ["region:west", 3, 2, 2, false],
    ]);
  });

  it("hold those whose region is not known, and each region once where two lie in each other", () => {
    const ring = [region("a", "region:b"), region("b", "region:a"), school("no5", "region:b")];
    const lost = [all, school("no9", "region:gone"), ...ring];
    const keys = told(["region:a", "region:b"], lost).map(([key]) => key);
    expect(keys).toEqual(["all", "school:no9", "region:a", "region:b", "school:no5"]);
  });
});

describe("keys", () => {
  const rows = rowsOf(NODES, new Set(["region:city", "region:east"]));
  const lead = (at: string, key: string) => step(rows, at, key);

  it("go up and down among what is in sight, and stop at the ends", () => {
    expect(lead("region:east", "ArrowDown")).toEqual({ to: "school:no3" });
    expect(lead("region:west", "ArrowUp")).toEqual({ to: "school:no5" });
    expect(lead("all", "ArrowUp")).toBeNull();
    expect(lead("region:west", "ArrowDown")).toBeNull();
    expect([lead("school:no5", "Home"), lead("all", "End")]).toEqual([{ to: "all" }, { to: "region:west" }]);
  });

  it("open, then enter; close, then leave", () => {
    expect(lead("region:west", "ArrowRight")).toEqual({ open: "region:west" });
    expect(lead("region:east", "ArrowRight")).toEqual({ to: "school:no3" });
    expect(lead("school:no3", "ArrowRight")).toBeNull();
    expect(lead("region:east", "ArrowLeft")).toEqual({ close: "region:east" });
    expect(lead("school:no5", "ArrowLeft")).toEqual({ to: "region:east" });
    expect(lead("all", "ArrowLeft")).toBeNull();
  });

  it("do not enter what is open and empty", () => {
    const empty = rowsOf([all, region("x")], new Set(["region:x"]));
    expect(step(empty, "region:x", "ArrowRight")).toBeNull();
  });
});
