import { describe, expect, it } from "vitest";
import type { Asked } from "@/api/types";
import { DAY_MS, endOf, guardsShort, kindOf, sizeOf, verdictOf } from "@/attestations/attesting";

const asked = (more: Partial<Asked> = {}): Asked => ({
  item: "guards",
  name: { zh: "专职保安", en: "Full-time guards" },
  policies: [{ id: "six-100", name: { zh: "六个百分百", en: "Six items at 100 %" } }],
  longest_days: 365,
  files: 1,
  figures: ["guards"],
  second_person: false,
  guards_needed: 3,
  guards_from_memory: false,
  stands: "none",
  lacking: [],
  until: null,
  attestation: null,
  ...more,
});

describe("what is stated", () => {
  it("lasts to the end of the day that was chosen", () => {
    const now = new Date("2026-11-22T10:00:00").getTime();
    expect(endOf("2026-12-01", asked(), now)).toBe(new Date("2026-12-01T23:59:59").getTime());
  });

  it("never lasts longer than the policy allows, however late on its last day it is stated", () => {
    const now = new Date("2026-11-22T10:00:00").getTime();
    expect(endOf("2027-11-22", asked(), now)).toBe(now + 365 * DAY_MS);
  });

  it("is met only while it stands: what is missing is unknown, not failed", () => {
    expect(verdictOf("standing")).toBe("met");
    for (const stands of ["none", "expired", "withdrawn", "lacking", "unconfirmed", "not_yet"])
      expect(verdictOf(stands)).toBe("unknown");
  });

  it("says how many guards are too few, and nothing where nobody knows", () => {
    const stated = (guards: number) =>
      asked({ attestation: { figures: { guards } } as unknown as Asked["attestation"] });
    expect(guardsShort(stated(1))).toBe(2);
    expect(guardsShort(stated(3))).toBeNull();
    expect(guardsShort(asked())).toBeNull();
    expect(guardsShort({ ...stated(1), guards_needed: null })).toBeNull();
  });

  it("tells a file by its kind and size", () => {
    expect(kindOf("guards-1.pdf")).toBe("PDF");
    expect(sizeOf(340_000)).toBe("340 kB");
    expect(sizeOf(2_100_000)).toBe("2.1 MB");
  });
});
