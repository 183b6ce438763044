// What is entered for figures and what of it is sent.
import { describe, expect, it } from "vitest";
import type { Figure, RuleFigures } from "@/api/types";
import { around, begun, range, read, sent } from "@/figures/draft";

const above: Figure = {
  name: "above",
  type: "number",
  unit: "°C",
  low: null,
  high: null,
  more_than: null,
  less_than: null,
  options: [],
  optional: true,
  given: { default: null, kind: 54, school: 60 },
  value: 60,
  origin: "school",
  source: "school",
};
const times: Figure = {
  ...above,
  name: "times",
  type: "integer",
  low: 1,
  high: 100,
  optional: false,
  given: { default: 3 },
  value: 3,
  origin: "default",
};
const heat: RuleFigures = {
  rule: "heat",
  of: "threshold",
  metric: "temperature_c",
  figures: [above, times],
  own: {},
};

describe("figures of rules", () => {
  it("fall back to those of the school, else of the kind", () => {
    expect(around(above, "device")).toEqual({ origin: "school", value: 60 });
    expect(around(above, "school")).toEqual({ origin: "kind", value: 54 });
    expect(around(times, "device")).toEqual({ origin: "default", value: 3 });
  });

  it("are own where they were entered, and no longer when taken back", () => {
    const drafts = begun([heat], "device");
    expect(sent([heat], drafts)).toEqual({ own: {}, refusals: {} });
    drafts["heat.above"] = "62,5";
    expect(sent([heat], drafts).own).toEqual({ heat: { above: 62.5 } });
    drafts["heat.source"] = "trial";
    expect(sent([heat], drafts).own).toEqual({ heat: { above: 62.5, source: "trial" } });
    drafts["heat.above"] = null;
    expect(sent([heat], drafts).own).toEqual({});
  });

  it("keep what the form does not show", () => {
    const other = { ...heat, own: { metric: "humidity_pct", above: 60 } };
    expect(sent([other], begun([other], "school")).own).toEqual({
      heat: { metric: "humidity_pct", above: 60 },
    });
  });

  it("are refused beside the field when they cannot be", () => {
    expect(read(times, "")).toEqual({ refusal: "missing" });
    expect(read(above, "")).toEqual({ value: null });
    expect(read(times, "2.5")).toEqual({ refusal: "not_whole" });
    expect(read(times, "0")).toEqual({ refusal: "out_of_range" });
    expect(read(times, "many")).toEqual({ refusal: "not_a_number" });
    expect(sent([heat], { "heat.times": "101" }).refusals).toEqual({
      "heat.times": "out_of_range",
    });
  });

  it("say what is allowed", () => {
    expect(range(times, String)).toBe("1 – 100");
    expect(range({ ...times, low: null, more_than: 0 }, String)).toBe("> 0 · ≤ 100");
    expect(range(above, String)).toBe("");
  });
});
