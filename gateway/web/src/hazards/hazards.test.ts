import { describe, expect, it } from "vitest";
import type { Hazard } from "@/api/types";
import { actsOf, byStep, pressingFirst, STEPS } from "@/hazards/hazards";

function hazard(change: Partial<Hazard>): Hazard {
  return {
    number: 1,
    step: "find",
    closed: null,
    overdue: false,
    due: 1_000,
    may: [],
    ...change,
  } as Hazard;
}

describe("the ledger's board", () => {
  it("has a column for each of the eight steps, also where nothing stands", () => {
    const columns = byStep([hazard({ step: "assess" }), hazard({ number: 2, step: "close" })]);
    expect([...columns.keys()]).toEqual([...STEPS]);
    expect([...columns.values()].map((column) => column.length)).toEqual([0, 0, 1, 0, 0, 0, 0, 1]);
  });

  it("puts what is overdue first, and leaves out what is closed", () => {
    const columns = byStep([
      hazard({ number: 1, due: 500 }),
      hazard({ number: 2, due: 900, overdue: true }),
      hazard({ number: 3, closed: 5 }),
    ]);
    expect(columns.get("find")?.map((one) => one.number)).toEqual([2, 1]);
  });

  it("lists what is closed last, the newest first", () => {
    const all = [
      hazard({ number: 1, closed: 1 }),
      hazard({ number: 2 }),
      hazard({ number: 3, closed: 2 }),
    ];
    expect(all.sort(pressingFirst).map((one) => one.number)).toEqual([2, 3, 1]);
  });
});

describe("what a person may do", () => {
  it("begins with what moves the entry on", () => {
    expect(actsOf(hazard({ may: ["comment", "extend", "accept", "send_back"] }))).toEqual([
      "accept",
      "send_back",
      "extend",
      "comment",
    ]);
  });
});
