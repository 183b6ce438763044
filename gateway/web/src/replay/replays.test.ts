import { describe, expect, it } from "vitest";
import type { ReplayPair } from "@/api/types";
import { metricOf, stretch } from "@/replay/replays";

const HOUR = 3_600_000;
const NOON = 1_795_161_600_000;

function pair(raised: [number, number | null] | null, replayed: [number, number | null] | null): ReplayPair {
  const episode = (times: [number, number | null] | null) =>
    times && { began: NOON + times[0], ended: times[1] === null ? null : NOON + times[1], explanation: { metric: "temperature_c" } };
  return { raised: episode(raised), replayed: episode(replayed) } as unknown as ReplayPair;
}

describe("the stretch of a pair", () => {
  it("holds both episodes with air around them", () => {
    const { until, window } = stretch(pair([0, HOUR], [HOUR / 2, 2 * HOUR]), NOON + 9 * HOUR);
    expect(until).toBeGreaterThan(NOON + 2 * HOUR);
    expect(until - window).toBeLessThan(NOON);
  });

  it("is long enough to see something of what was short", () => {
    expect(stretch(pair([0, 1000], null), NOON + 9 * HOUR).window).toBe(HOUR / 2);
  });

  it("ends with the days that were replayed", () => {
    const { until } = stretch(pair(null, [0, null]), NOON + HOUR);
    expect(until).toBe(NOON + HOUR);
  });

  it("shows the beginning of what lasted for weeks", () => {
    const { until, window } = stretch(pair([0, 500 * HOUR], null), NOON + 900 * HOUR);
    expect(window).toBe(48 * HOUR);
    expect(until - window).toBeLessThan(NOON);
    expect(until).toBeGreaterThan(NOON);
  });
});

it("knows the value that a pair is about", () => {
  expect(metricOf(pair([0, 1], null))).toBe("temperature_c");
  const silent = pair([0, 1], null);
  if (silent.raised) silent.raised.explanation.metric = "";
  expect(metricOf(silent)).toBeNull();
});
