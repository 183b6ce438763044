import { describe, expect, it } from "vitest";
import type { CameraPicture } from "@/api/types";
import { faultyRuns, stepOf, steps } from "@/cameras/stepping";

const HOUR_MS = 3_600_000;
const NOW = 1_000 * HOUR_MS;
const picture = (hoursAgo: number, faulty = false): CameraPicture => ({
  at: NOW - hoursAgo * HOUR_MS,
  hash: `of ${hoursAgo}`,
  faulty,
  kept_until: NOW,
});

describe("steps through the pictures of a camera", () => {
  const all = [picture(1), picture(2, true), picture(3, true), picture(4), picture(100, true)];

  it("go from the oldest to the newest of three days", () => {
    expect(steps(all, "all", NOW).map(({ hash }) => hash)).toEqual(["of 4", "of 3", "of 2", "of 1"]);
  });

  it("reach further back where there was a fault", () => {
    expect(steps(all, "faulty", NOW).map(({ hash }) => hash)).toEqual(["of 100", "of 3", "of 2"]);
  });

  it("mark faults that follow one another as one piece", () => {
    const line = [picture(6, true), ...steps(all, "all", NOW)];
    expect(faultyRuns(line)).toEqual([
      { from: 0, count: 1 },
      { from: 2, count: 2 },
    ]);
  });

  it("begin with the newest, and find what stands no longer in line by its time", () => {
    const line = steps(all, "faulty", NOW);
    expect(stepOf(line, null)).toBe(2);
    expect(stepOf(line, picture(3, true))).toBe(1);
    expect(stepOf(line, picture(4))).toBe(0);
    expect(stepOf(line, picture(200))).toBe(0);
  });
});
