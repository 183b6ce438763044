import { describe, expect, it } from "vitest";
import { rank, share, troubles } from "@/links/states";

describe("the header's mark of the police links", () => {
  it("tells nothing but the total while every link is up", () => {
    expect(troubles({ up: 12, degraded: 0, down: 0, unverified: 0, total: 12 })).toEqual([]);
  });

  it("tells what is down before what is only degraded or unverified", () => {
    const told = troubles({ up: 7, degraded: 2, down: 1, unverified: 2, total: 12 });
    expect(told.map(({ state, count }) => `${state} ${count}`)).toEqual([
      "down 1",
      "degraded 2",
      "unverified 2",
    ]);
  });

  it("never rounds an availability up to all of the time", () => {
    expect(share(99.99996)).toBe("99.999 %");
    expect(share(100)).toBe("100 %");
    expect(share(null)).toBe("?");
  });

  it("never ranks an unverified link with those that are up", () => {
    expect(rank("unverified")).toBeLessThan(rank("up"));
  });
});
