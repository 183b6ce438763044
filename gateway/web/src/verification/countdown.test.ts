import { describe, expect, it } from "vitest";
import type { Step } from "@/api/types";
import { current, left, remaining, share, stage } from "@/verification/countdown";

const step = (more: Partial<Step>) =>
  ({ step: "press", started: null, due: null, ended: null, verdict: null, exchanges: [], ...more }) as Step;

describe("the countdown", () => {
  it("shows minutes and seconds, then seconds, and stops at 0", () => {
    expect([581_000, 60_000, 59_900, 900, 0, -5_000].map(left)).toEqual([
      "9:41", "1:00", "1:00", "1", "0", "0",
    ]);
  });

  it("never shows more than there was at the beginning", () => {
    expect(remaining(10_400, 40_400, 10_000)).toBe("30");
    expect(remaining(10_400, 40_400, 21_000)).toBe("20");
    expect(remaining(null, 40_400, 10_400)).toBe("30");
  });

  it("is full at the beginning, empty at the end, and full where there is no limit", () => {
    expect([0, 15_000, 30_000, 40_000].map((now) => share(0, 30_000, now))).toEqual([1, 0.5, 0, 0]);
    expect(share(null, 30_000, 1)).toBe(1);
    expect(share(0, null, 1)).toBe(1);
  });
});

describe("a step", () => {
  it("is ahead, under way, or ended", () => {
    expect(stage(step({}))).toBe("ahead");
    expect(stage(step({ started: 1 }))).toBe("under_way");
    expect(stage(step({ started: 1, ended: 2, verdict: "met" }))).toBe("ended");
  });

  it("that never began and was judged is ended, not ahead", () => {
    expect(stage(step({ verdict: "unknown" }))).toBe("ended");
  });

  it("under way is the last that began", () => {
    const steps = [step({ started: 1, ended: 2 }), step({ started: 2 }), step({})];
    expect(current(steps)?.started).toBe(2);
    expect(current([step({})])).toBeUndefined();
  });
});
