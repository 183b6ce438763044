import { describe, expect, it } from "vitest";
import type { Load } from "@/devices/appliances";
import { after, powerCurves } from "@/devices/appliances";

function load(phase: number, since: number, ended: number | null, told = false): Load {
  return {
    phase,
    since,
    ended,
    told,
    step_w: 1980,
    kind: "heater",
    name: { zh: "发热电器", en: "Heater" },
    confidence: 0.9,
    power_factor: null,
    flatness: 0.01,
    unseen: false,
  };
}

describe("loads on the curves of a feeder", () => {
  it("leaves out what was over before the day began, and keeps what is on", () => {
    const loads = [load(0, 10, 20), load(0, 15, 40), load(0, 5, null)];
    expect(after(loads, 30, 100)).toEqual([loads[1], loads[2]]);
  });

  it("shades each phase with its own loads, and what is on until now", () => {
    const loads = [load(0, 10, 20, true), load(1, 30, null)];
    const curves = powerCurves(["current_a.0", "power_w.0", "power_w.1", "power_w.2"], loads, 50);
    expect(curves).toEqual([
      { metric: "power_w.0", spans: [{ from: 10, to: 20, told: true }] },
      { metric: "power_w.1", spans: [{ from: 30, to: 50, told: false }] },
      { metric: "power_w.2", spans: [] },
    ]);
  });

  it("shades the one curve of a meter with a single phase", () => {
    const [curve] = powerCurves(["power_w", "power_factor"], [load(0, 10, 20)], 50);
    expect(curve?.spans).toHaveLength(1);
  });
});
