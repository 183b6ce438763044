import { describe, expect, it } from "vitest";
import type { Need, Registered } from "@/api/types";
import { complete, lacking, pairs, rowOf, sent, standing } from "@/roster/needs";

const need = (place: string, kind: string, count = 1, gate = false): Need => ({
  place,
  place_name: null,
  kind,
  count,
  gate,
  commissioned: null,
});
const there = (place: string, kind: string, count = 1, out_of_service = 0): Registered => ({
  place,
  place_name: null,
  kind,
  count,
  out_of_service,
});

describe("what is asked for beside what is registered", () => {
  it("puts what is missing first and what nobody asked for last", () => {
    const found = pairs(
      [need("gate", "camera", 2, true), need("yard", "camera")],
      [there("yard", "camera"), there("gate", "camera"), there("hall", "smoke")],
    );

    expect(found.map((pair) => [pair.place, standing(pair)])).toEqual([
      ["gate", "missing"],
      ["yard", "enough"],
      ["hall", "beyond"],
    ]);
  });

  it("adds up the needs of a place", () => {
    const [pair] = pairs([need("gate", "camera"), need("gate", "camera", 1, true)], []);

    expect(pair).toMatchObject({ needed: 2, gate: true, there: 0 });
  });

  it("does not take what is out of service for enough", () => {
    const [pair] = pairs([need("gate", "camera", 2)], [there("gate", "camera", 2, 1)]);

    expect(pair && standing(pair)).toBe("idle");
  });

  it("answers what is asked for anywhere from what other places have to spare", () => {
    const found = pairs(
      [need("", "camera", 2), need("gate", "camera")],
      [there("gate", "camera", 2), there("yard", "camera")],
    );

    expect(found.find((pair) => pair.place === "")).toMatchObject({ there: 2 });
  });
});

describe("the form", () => {
  it("sends what it was given", () => {
    const wanted = { ...need("gate", "camera", 3, true), commissioned: Date.UTC(2026, 0, 31) };

    const [row] = sent([rowOf(wanted)]);

    expect({ ...row, place_name: null }).toEqual(wanted);
  });

  it("is complete with a kind and a count in every row", () => {
    const row = rowOf(need("", "camera"));

    expect(complete([row])).toBe(true);
    expect(complete([])).toBe(false);
    expect(complete([{ ...row, kind: "" }])).toBe(false);
    expect(complete([{ ...row, count: 0 }])).toBe(false);
    expect(complete([{ ...row, count: 1.5 }])).toBe(false);
  });

  it("proposes what no row asks for yet", () => {
    const suggested = [need("gate", "camera"), need("gatehouse", "alarm-button")];

    expect(lacking([rowOf(need("gate", "camera", 2))], suggested)).toEqual([suggested[1]]);
  });
});
