import { describe, expect, it } from "vitest";
import type { StreamEntry } from "@/api/types";
import { endedIn, reloads } from "@/app/builds";

describe("a newer build", () => {
  it("is taken with the next change of room", () => {
    expect(reloads("devices", "alerts")).toBe(true);
    expect(reloads("alerts", "settings")).toBe(true);
  });

  it("is not taken between alerts, nor by a page that has just loaded", () => {
    expect(reloads("alert", "alerts")).toBe(false);
    expect(reloads("alert", "alert")).toBe(false);
    expect(reloads("alerts", undefined)).toBe(false);
    expect(reloads("alerts", null)).toBe(false);
  });
});

it("tells which notifications nobody needs any more", () => {
  const entry = (id: number, kind: string) =>
    ({ row: id, alert: { id }, transition: { kind } }) as unknown as StreamEntry;
  const entries = [entry(1, "raised"), entry(2, "acknowledged"), entry(3, "closed"), entry(4, "returned")];
  expect([...endedIn(entries)]).toEqual(["alert-2", "alert-3"]);
});
