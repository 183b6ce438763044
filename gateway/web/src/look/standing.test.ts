import { describe, expect, it } from "vitest";
import { moved, stood } from "@/look/standing";

type Row = { id: string; state: string };
const rows = (...all: string[]): Row[] =>
  all.map((one) => ({ id: one.charAt(0), state: one.slice(1) }));
const told = (all: readonly Row[]) => all.map(({ id, state }) => id + state);
const drawn = (before: string[], newest: string[], held: boolean) =>
  told(stood(rows(...before), rows(...newest), held, ({ id }) => id));

describe("rows under a pointer", () => {
  it("stay where they are and tell the newest", () => {
    expect(drawn(["a1", "b1"], ["b2", "a2"], true)).toEqual(["a2", "b2"]);
  });

  it("neither go nor come while they are held", () => {
    expect(drawn(["a1", "b1"], ["c2", "b2"], true)).toEqual(["a1", "b2"]);
  });

  it("follow the gateway's order once they are let go", () => {
    expect(drawn(["a1", "b1"], ["c2", "b2"], false)).toEqual(["c2", "b2"]);
  });

  it("come at once where nothing stood", () => {
    expect(drawn([], ["a1"], true)).toEqual(["a1"]);
  });
});

describe("arrows on a grid of three columns and seven tiles", () => {
  it.each([
    [0, "ArrowRight", 1],
    [1, "ArrowDown", 4],
    [4, "ArrowUp", 1],
    [4, "Home", 0],
    [0, "End", 6],
  ])("from %d, %s leads to %d", (at, key, to) => {
    expect(moved(at, key, 3, 7)).toBe(to);
  });

  it.each([
    [0, "ArrowLeft"],
    [2, "ArrowUp"],
    [5, "ArrowDown"],
    [6, "ArrowRight"],
    [3, "x"],
  ])("from %d, %s leads nowhere", (at, key) => {
    expect(moved(at, key, 3, 7)).toBe(at);
  });
});
