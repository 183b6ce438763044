import { describe, expect, it } from "vitest";
import { settled } from "@/shell/folding";

/** Fits from `least` on; tells what was tried. */
function room(least: number) {
  const tried: number[] = [];
  const fits = (level: number) => {
    tried.push(level);
    return Promise.resolve(level >= least);
  };
  return { tried, fits };
}

describe("the header", () => {
  it("gives way as far as it must and no further", async () => {
    for (let least = 0; least <= 6; least += 1)
      for (let from = 0; from <= 6; from += 1)
        expect(await settled(from, 6, room(least).fits)).toBe(least);
  });

  it("ends at the last step where nothing fits", async () => {
    expect(await settled(2, 6, room(99).fits)).toBe(6);
    expect(await settled(6, 6, room(99).fits)).toBe(6);
  });

  it("tries one step only where it stands well", async () => {
    const { tried, fits } = room(3);
    await settled(3, 6, fits);
    expect(tried).toEqual([3, 2]);
  });
});
