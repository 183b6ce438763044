import { describe, expect, it } from "vitest";
import { at, nudged } from "@/plans/plans";

describe("a position on a floor plan", () => {
  it("stays on the plan wherever the finger lands", () => {
    expect(at("f1", -0.2, 1.7)).toEqual({ place: "f1", x: 0, y: 1 });
  });

  it("moves by one step with an arrow key and stops at the edge", () => {
    const start = at("f1", 0.5, 0.995);
    expect(nudged(start, "ArrowLeft", 0.01)).toEqual({ place: "f1", x: 0.49, y: 0.995 });
    expect(nudged(start, "ArrowDown", 0.01)?.y).toBe(1);
  });

  it("is left alone by every other key", () => {
    expect(nudged(at("f1", 0.5, 0.5), "Enter", 0.01)).toBeNull();
  });
});
