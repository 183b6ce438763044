import { describe, expect, it } from "vitest";
import { NO_PICKS, stillThere, stretched, toggled, withAll } from "@/alerts/picking";
import type { Picks } from "@/alerts/picking";

const ROWS = [1, 2, 3, 4, 5, 6];
const chosen = ({ ids }: Picks) => [...ids].sort();

describe("choosing several alerts", () => {
  it("one more, and let go again", () => {
    const one = toggled(toggled(NO_PICKS, 3), 5);
    expect(chosen(one)).toEqual([3, 5]);
    expect(chosen(toggled(one, 3))).toEqual([5]);
  });

  it("a stretch grows from where it began, and shrinks when one goes back", () => {
    const down = stretched(stretched(NO_PICKS, ROWS, 2, 3), ROWS, 3, 4);
    expect(chosen(down)).toEqual([2, 3, 4]);
    expect(chosen(stretched(down, ROWS, 4, 3))).toEqual([2, 3]);
    expect(chosen(stretched(down, ROWS, 4, 1))).toEqual([1, 2]);
  });

  it("a stretch keeps what was chosen before it", () => {
    expect(chosen(stretched(toggled(toggled(NO_PICKS, 1), 4), ROWS, 4, 6))).toEqual([1, 4, 5, 6]);
  });

  it("a stretch whose beginning is gone begins anew", () => {
    const one = stretched(toggled(NO_PICKS, 9), ROWS, 3, 4);
    expect(chosen(one)).toEqual([3, 4, 9]);
  });

  it("all, and none again", () => {
    const all = withAll(toggled(NO_PICKS, 2), ROWS);
    expect(chosen(all)).toEqual(ROWS);
    expect(chosen(withAll(all, ROWS))).toEqual([]);
    expect(chosen(withAll(all, [2, 3]))).toEqual([1, 4, 5, 6]);
  });

  it("what is no longer there is no longer chosen", () => {
    const all = withAll(NO_PICKS, ROWS);
    expect(chosen(stillThere(all, (id) => id % 2 === 0))).toEqual([2, 4, 6]);
    expect(stillThere(all, () => true)).toBe(all);
  });
});
