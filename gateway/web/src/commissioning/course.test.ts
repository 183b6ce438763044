import { describe, expect, it } from "vitest";
import { BEGIN, courseOf, queryOf, reached } from "@/commissioning/course";

describe("a commissioning", () => {
  it("goes on where it was after the page was loaded anew", () => {
    const course = { step: "verify", code: "", school: "no3-middle", id: "gate-09" } as const;
    expect(courseOf(queryOf(course))).toEqual(course);
  });

  it("begins anew from an address that names no device", () => {
    expect(courseOf({ step: "verify" })).toEqual(BEGIN);
    expect(courseOf({ step: "find" })).toEqual(BEGIN);
    expect(courseOf({ step: "elsewhere", school: "a", id: "b" })).toEqual(BEGIN);
    expect(courseOf({ step: ["verify", "place"], school: "a", id: "b" })).toEqual(BEGIN);
  });

  it("registers a code that nobody has heard yet", () => {
    expect(courseOf({ step: "adopt", code: "gate-09" })).toMatchObject({ step: "adopt", id: "" });
  });

  it("counts looking up as part of scanning", () => {
    expect([courseOf({ step: "find", code: "x" }), BEGIN].map(reached)).toEqual([0, 0]);
    expect(reached({ ...BEGIN, step: "done" })).toBe(4);
  });
});
