import { describe, expect, it } from "vitest";
import type { Shift } from "@/api/types";
import { byDay, momentOf } from "@/duty/duty";
import { forField } from "@/words/figures";

const shift = (row: number, starts: Date): Shift => ({
  row,
  team: "control-room",
  user: { name: "li", display: "" },
  starts: starts.getTime(),
  ends: starts.getTime() + 8 * 3_600_000,
});

describe("the rota", () => {
  it("puts shifts under the day on which they begin, the earliest day first", () => {
    const days = byDay([
      shift(1, new Date(2026, 10, 23, 8)),
      shift(2, new Date(2026, 10, 22, 16)),
      shift(3, new Date(2026, 10, 22, 23, 59)),
    ]);
    expect(days.map((one) => one.day)).toEqual([
      new Date(2026, 10, 22).getTime(),
      new Date(2026, 10, 23).getTime(),
    ]);
    expect(days.map((one) => one.shifts.map((of) => of.row))).toEqual([[2, 3], [1]]);
  });

  it("writes a moment into a field and reads the same minute back", () => {
    const at = new Date(2026, 0, 5, 7, 8).getTime();
    expect(forField(at)).toBe("2026-01-05T07:08");
    expect(momentOf(forField(at))).toBe(at);
    expect(momentOf("")).toBeNaN();
  });
});
