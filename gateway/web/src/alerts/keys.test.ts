import { describe, expect, it } from "vitest";
import { isLetter, nameOf } from "@/alerts/keys";

const key = (name: string, held: { shiftKey?: boolean; ctrlKey?: boolean; metaKey?: boolean } = {}) =>
  nameOf({ key: name, shiftKey: false, ctrlKey: false, metaKey: false, ...held });

describe("the name of a key", () => {
  it("is its letter, with what is held", () => {
    expect(key("J")).toBe("j");
    expect(key("J", { shiftKey: true })).toBe("shift+j");
    expect(key("a", { ctrlKey: true })).toBe("ctrl+a");
    expect(key("a", { metaKey: true })).toBe("ctrl+a");
    expect(key("ArrowDown", { shiftKey: true })).toBe("shift+ArrowDown");
  });

  it("is the sign itself where shift is needed to write it", () => {
    expect(key("?", { shiftKey: true })).toBe("?");
  });
});

describe("a single letter or sign", () => {
  const struck = (name: string, ctrlKey = false) => isLetter({ key: name, ctrlKey, metaKey: false });

  it("may be no key at all; what is held with another, and keys with a name, always are", () => {
    expect(["j", "J", "/", "?"].every((one) => struck(one))).toBe(true);
    expect([struck("a", true), struck("Enter"), struck("ArrowDown"), struck("Escape")]).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});
