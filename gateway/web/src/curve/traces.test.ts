import { describe, expect, it } from "vitest";
import type { CurvePoint } from "@/api/types";
import { scope, traced } from "@/curve/traces";

const MINUTE = 60_000;
const point = (minute: number, value = 1): CurvePoint => ({
  start: minute * MINUTE,
  span: MINUTE,
  count: 1,
  low: value,
  high: value,
  mean: value,
  last: value,
});

describe("a curve", () => {
  it("breaks where nothing is known instead of inventing a line", () => {
    const traces = traced([point(0), point(1), point(2), point(20), point(21)], 0, 22 * MINUTE);
    expect(traces.gaps).toEqual([[180, 1200]]);
    expect(traces.mean).toEqual([1, 1, 1, null, 1, 1]);
  });

  it("shows as unknown what came before the first reading and after the last", () => {
    const traces = traced([point(10), point(11)], 0, 30 * MINUTE);
    expect(traces.gaps).toEqual([
      [0, 600],
      [720, 1800],
    ]);
  });

  it("is all unknown without readings", () => {
    expect(traced([], 0, 10 * MINUTE).gaps).toEqual([[0, 600]]);
  });

  it("always has its limits in view", () => {
    const [bottom, top] = scope([point(0, 20)], [54]);
    expect(bottom).toBeLessThan(20);
    expect(top).toBeGreaterThan(54);
  });

  it("does not reach below zero when no value does", () => {
    expect(scope([point(0, 0.1)], [10])[0]).toBe(0);
  });
});
