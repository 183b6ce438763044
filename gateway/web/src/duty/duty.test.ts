import { describe, expect, it } from "vitest";
import type { Shift } from "@/api/types";
import { byDay } from "@/duty/duty";

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
});
