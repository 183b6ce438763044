// A rate of 100 % means every school; nothing else reads so.
import { describe, expect, it } from "vitest";
import { rateText, standingOf, tallyOf, verdictOf } from "@/bureau/rate";

const tally = (met: number, failed: number, unknown = 0) => ({ met, failed, unknown });

describe("a rate", () => {
  it("is never rounded up to a hundred", () => {
    expect(rateText(tally(1999, 1))).toBe("99.9 %");
    expect(rateText(tally(49_999, 0, 1))).toBe("99.9 %");
    expect(rateText(tally(2000, 0))).toBe("100 %");
  });

  it("is of all schools, those of which nobody knows among them", () => {
    expect(rateText(tally(1, 0, 1))).toBe("50 %");
    expect(rateText(tally(0, 0, 3))).toBe("0 %");
    expect(rateText(tally(0, 0))).toBe("?");
  });

  it("is cut at the tenth that it has reached", () => {
    for (let met = 0; met <= 1000; met += 1)
      expect(rateText(tally(met, 1000 - met))).toBe(`${met % 10 === 0 ? met / 10 : (met / 10).toFixed(1)} %`);
  });
});

describe("a field of the map", () => {
  it("is whole only with every school, and hatched where most of the rest is unknown", () => {
    expect(standingOf(tally(10, 0))).toBe("whole");
    expect(standingOf(tally(999, 1))).toBe("most");
    expect(standingOf(tally(5, 1, 4))).toBe("unknown");
    expect(standingOf(tally(9, 0, 1))).toBe("most");
    expect(standingOf(tally(6, 4))).toBe("half");
    expect(standingOf(tally(1, 9))).toBe("little");
    expect(standingOf(tally(0, 0))).toBe("nothing");
  });
});

describe("all items together", () => {
  const item = (name: string, met: number, failed: number, unknown: number) => ({
    item: name,
    ...tally(met, failed, unknown),
    schools: 10,
    rate: met / 10,
  });
  const figures = { schools: 10, complete: 5, failed: 3, items: [item("guards", 8, 1, 1), item("alarm", 6, 2, 2)] };

  it("are met where each is, and failed where one is", () => {
    expect(tallyOf(figures, "")).toEqual(tally(5, 3, 2));
    expect(tallyOf(figures, "alarm")).toMatchObject(tally(6, 2, 2));
    expect(tallyOf(figures, "gone")).toEqual(tally(0, 0));
  });

  it("are so of a school, too", () => {
    const school = (complete: boolean, ...verdicts: ("met" | "failed" | "unknown")[]) => ({
      school: "no3",
      name: { zh: "", en: "" },
      region: null,
      region_name: null,
      complete,
      items: verdicts.map((verdict, at) => ({ item: `i${at}`, verdict, since: 0, pending: false, missing: 0 })),
    });
    expect(verdictOf(school(true, "met", "met"), "")).toBe("met");
    expect(verdictOf(school(false, "unknown", "failed"), "")).toBe("failed");
    expect(verdictOf(school(false, "met", "unknown"), "")).toBe("unknown");
    expect(verdictOf(school(false, "met", "unknown"), "i0")).toBe("met");
    expect(verdictOf(school(false, "met"), "i7")).toBeNull();
  });
});
