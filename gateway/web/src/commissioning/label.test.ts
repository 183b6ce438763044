import { describe, expect, it } from "vitest";
import { labelOf } from "@/commissioning/label";

describe("a label", () => {
  it("of our own names school and device", () => {
    expect(labelOf(" campus:no3-middle/gate-01\n")).toEqual({ school: "no3-middle", id: "gate-01" });
  });

  it("of the maker, or typed in, names the device", () => {
    expect(labelOf("0x00158d0001a2b3c4")).toEqual({ school: null, id: "0x00158d0001a2b3c4" });
  });

  it("of our own that is damaged is none, and not taken for an id", () => {
    expect(["campus:", "campus:a", "campus:a/", "campus:a/b/c", "campus:a b/c"].map(labelOf)).toEqual([
      null, null, null, null, null,
    ]);
  });

  it("that holds an address or a sentence is not an id", () => {
    expect(["https://example.org/x", "two words", "", "a".repeat(65)].map(labelOf)).toEqual([
      null, null, null, null,
    ]);
  });
});
