import { describe, expect, it } from "vitest";
import { percent } from "@/performance/percent";

describe("a share", () => {
  it("shows no more digits than it means", () => {
    expect([0, 0.0123, 0.1234, 1].map(percent)).toEqual(["0 %", "1.2 %", "12 %", "100 %"]);
  });

  it("that is hardly anything is not nothing", () => {
    expect(percent(0.00001)).toBe("<0.1 %");
  });

  it("of nothing is unknown", () => {
    expect(percent(null)).toBe("?");
  });
});
