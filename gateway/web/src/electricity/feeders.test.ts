// A load of nothing is not a load that nobody knows.
import { describe, expect, it } from "vitest";
import type { Feeder } from "@/api/types";
import { byBuilding, highest, phases, range, shareOf } from "@/electricity/feeders";

const SCHOOL = { zh: "三中", en: "No. 3" };

function feeder(device: string, more: Partial<Feeder> = {}): Feeder {
  return {
    school: "no3",
    school_name: SCHOOL,
    device,
    name: { zh: device, en: device },
    building: null,
    place: null,
    state: "good",
    out_of_service: false,
    alert: null,
    seen: 1,
    old: false,
    rating_a: null,
    load_pct: null,
    current_a: [],
    voltage_v: [],
    power_w: null,
    residual_current_ma: null,
    residual_limit_ma: null,
    cable_temperature_c: [],
    cable_limit_c: null,
    cable_margin_c: null,
    switch: null,
    ...more,
  };
}

describe("buildings", () => {
  it("come in the order of their first feeders, and each but once", () => {
    const block = { id: "a", name: { zh: "甲", en: "A" } };
    const found = byBuilding([
      feeder("one", { building: block }),
      feeder("two"),
      feeder("three", { building: block }),
      feeder("four", { school: "no5", building: block }),
    ]);
    expect(found.map(({ key, feeders }) => [key, feeders.length])).toEqual([
      ["no3/a", 2],
      ["no3/", 1],
      ["no5/a", 1],
    ]);
  });
});

describe("the load", () => {
  it("is unknown without a rating or a measurement, and nought when nothing flows", () => {
    expect(shareOf(12, null)).toBeNull();
    expect(shareOf(null, 63)).toBeNull();
    expect(shareOf(0, 63)).toBe(0);
    expect(shareOf(-31.5, 63)).toBe(50);
  });

  it("is told by phase, and a single phase has no name", () => {
    const three = phases(feeder("x", { current_a: [1, null, 3], rating_a: 10 }));
    expect(three.map(({ name, share }) => [name, share])).toEqual([
      ["L1", 10],
      ["L2", null],
      ["L3", 30],
    ]);
    expect(phases(feeder("x", { current_a: [4] }))[0]).toEqual({ name: "", amps: 4, share: null });
  });
});

describe("of several sensors", () => {
  it("what could not be measured says nothing", () => {
    expect(highest([null, 41, 44])).toBe(44);
    expect(highest([null])).toBeNull();
    expect(range([230, null, 228])).toEqual([228, 230]);
    expect(range([])).toBeNull();
  });
});
