import { describe, expect, it } from "vitest";
import { along, minute, reportPage, share } from "@/campaigns/campaigns";

describe("progress", () => {
  it("is 100 only when all is", () => {
    expect(share(1999, 2000)).toBe(99);
    expect(share(2000, 2000)).toBe(100);
    expect(share(0, 0)).toBe(0);
  });
});

describe("the time line", () => {
  const campaign = { begins: "2027-01-01", ends: "2027-01-10" };
  it("goes from the first day's beginning to the last day's end", () => {
    expect(along(campaign, "2027-01-01")).toBe(0);
    expect(along(campaign, "2027-01-10", true)).toBe(1);
    expect(along(campaign, "2027-01-06")).toBe(0.5);
  });
  it("holds what lies outside at its ends", () => {
    expect(along(campaign, "2026-01-01")).toBe(0);
    expect(along(campaign, "2028-01-01")).toBe(1);
  });
});

describe("a deadline", () => {
  it("tells its day, also today's, and no seconds", () => {
    expect(minute(new Date(2027, 0, 8, 15, 0).getTime())).toBe("2027-01-08 15:00");
  });
});

describe("a report", () => {
  it("has a page of its own, whatever signs its subject holds", () => {
    expect(reportPage({ campaign: "c", kind: "weekly", period: "2027-01-08", subject: "region:east" })).toBe(
      "/audit-reports/c/weekly/2027-01-08/region%3Aeast",
    );
  });
});
