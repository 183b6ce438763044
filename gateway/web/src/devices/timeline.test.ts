import { describe, expect, it } from "vitest";
import type { Timeline, TimelineDay } from "@/api/types";
import { cellAt, cells, tally } from "@/devices/timeline";

const DAY = 86_400_000;
const day = (n: number, state: TimelineDay["state"] = "ok") => ({ day: n * DAY, state }) as TimelineDay;
const alert = (id: number, since: number, until: number | null, priority = "high") =>
  ({ id, since, until, priority, condition: "silent" }) as Timeline["alerts"][number];
const run = (at: number, verdict: "met" | "failed" | "unknown" | null) => ({ id: `${at}`, at, verdict, kind: "walk" });

describe("the time line", () => {
  it("marks an alert on each day on which it stood", () => {
    const timeline = { days: [0, 1, 2, 3].map((n) => day(n)), alerts: [alert(1, DAY + 5, 2 * DAY + 5)], verifications: [] };
    expect(cells(timeline).map((one) => one.alerts.length)).toEqual([0, 1, 1, 0]);
  });

  it("marks an open alert up to today", () => {
    const timeline = { days: [day(0), day(1)], alerts: [alert(1, 5, null)], verifications: [] };
    expect(cells(timeline).map((one) => one.worst)).toEqual(["high", "high"]);
  });

  it("shows the most urgent alert of a day", () => {
    const alerts = [alert(1, 5, 6, "low"), alert(2, 7, 8, "emergency"), alert(3, 9, 10, "medium")];
    expect(cells({ days: [day(0)], alerts, verifications: [] })[0]?.worst).toBe("emergency");
  });

  it("does not let a later success hide that a verification failed that day", () => {
    const verifications = [run(1, "failed"), run(2, "unknown"), run(3, "met")];
    expect(cells({ days: [day(0)], alerts: [], verifications })[0]?.verdict).toBe("failed");
  });

  it("counts a verification to its own day only", () => {
    const timeline = { days: [day(0), day(1)], alerts: [], verifications: [run(DAY, "met")] };
    expect(cells(timeline).map((one) => one.verdict)).toEqual([null, "met"]);
  });

  it("is read out as days per state", () => {
    expect(tally([day(0), day(1, "silent"), day(2, "silent"), day(3, "unknown")])).toEqual({
      ok: 1, trouble: 0, silent: 2, unknown: 1,
    });
  });

  it("finds the day under a finger, also at and beyond the edges", () => {
    expect([-3, 0, 44.9, 89.9, 90, 200].map((x) => cellAt(x, 90, 90))).toEqual([0, 0, 44, 89, 89, 89]);
  });
});
