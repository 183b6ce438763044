import { describe, expect, it } from "vitest";
import { forField, ofField } from "@/words/figures";

describe("a field for a moment", () => {
  it("holds it in the time of the screen, and gives the same minute back", () => {
    const at = new Date(2026, 0, 5, 7, 8).getTime();
    expect(forField(at)).toBe("2026-01-05T07:08");
    expect(ofField(forField(at))).toBe(at);
  });

  it("is no moment while nothing is filled in", () => {
    expect(ofField("")).toBeNaN();
  });
});
