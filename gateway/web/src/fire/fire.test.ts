// Nobody is first without a time, and what is unknown stays so.
import { beforeEach, describe, expect, it } from "vitest";
import type { Detector, DeviceDetail, Kind } from "@/api/types";
import { curves, hasRoom, level, mayDetect, nearest, stretchFor, turns } from "@/fire/fire";
import { kinds } from "@/register/register";

const NAME = { zh: "甲", en: "A" };

function kind(id: string, ...values: string[]): Kind {
  return {
    kind: id,
    name: NAME,
    expected_heartbeat_ms: null,
    values: values.map((name) => ({ name, unit: "", low: null, high: null })),
    rules: [],
  };
}

const device = (of: string, values: Record<string, unknown>, place: string | null = "lab") =>
  ({ kind: of, place_id: place, values }) as unknown as DeviceDetail;

const detector = (id: string, ...metrics: string[]) =>
  ({
    device: id,
    levels: metrics.map((metric) => ({ metric, value: 1, unit: "", limits: [] })),
  }) as unknown as Detector;

describe("a detector", () => {
  beforeEach(() => {
    kinds.value = [kind("smoke", "smoke_alarm"), kind("camera", "fps"), kind("other", "battery_pct")];
  });

  it("is a device of a kind that tells of smoke, or of no known kind and tells of gas", () => {
    expect(hasRoom(device("smoke", {}))).toBe(true);
    expect(hasRoom(device("smoke", {}, null))).toBe(false);
    expect(hasRoom(device("camera", { temperature_c: 40 }))).toBe(false);
    expect(hasRoom(device("gas-detector", { gas_alarm: false }))).toBe(true);
    expect(hasRoom(device("freezer", { temperature_c: -18 }))).toBe(false);
  });

  it("may be of a kind that nobody knows: its alerts are asked about", () => {
    expect(["smoke", "other", "gas-detector", "camera"].map(mayDetect)).toEqual([true, true, true, false]);
  });
});

describe("a level", () => {
  it("stands beside the limit that it would reach next, or beside the one it is beyond", () => {
    const limits = [{ value: 10 }, { value: 3 }];
    expect(nearest(limits, 0.2)).toBe(3);
    expect(nearest(limits, 4)).toBe(10);
    expect(nearest(limits, 40)).toBe(10);
    expect(nearest([], 4)).toBeNull();
  });

  it("of no limit is told alone", () => {
    expect(level(0.4, null, "%/m")).toBe("0.4 %/m");
  });
});

describe("a room", () => {
  it("has a curve of each value, of those detectors that tell it", () => {
    const found = curves([detector("a", "temperature_c"), detector("b", "obscuration_pct_m", "temperature_c")]);
    expect([...found].map(([metric, of]) => [metric, of.map((one) => one.device)])).toEqual([
      ["temperature_c", ["a", "b"]],
      ["obscuration_pct_m", ["b"]],
    ]);
  });

  it("tells how much later each one came, and not what nobody noted", () => {
    const turn = (id: string, at: number | null) => ({ device: id, name: NAME, at });
    expect(turns([turn("a", 1000), turn("b", 22_000), turn("c", null)]).map(({ after }) => after)).toEqual([
      0,
      21_000,
      null,
    ]);
    expect(turns([turn("a", null)]).map(({ after }) => after)).toEqual([null]);
  });

  it("shows a stretch in which the fire began", () => {
    const minute = 60_000;
    expect(stretchFor([30 * minute, 360 * minute], 0)).toBe(30 * minute);
    expect(stretchFor([30 * minute, 360 * minute], 29 * minute)).toBe(360 * minute);
    expect(stretchFor([30 * minute, 360 * minute], 9999 * minute)).toBe(360 * minute);
  });
});
