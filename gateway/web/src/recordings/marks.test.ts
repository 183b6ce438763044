import { expect, test } from "vitest";
import type { RecordingDay } from "@/api/types";
import { recorded, runs, tally, verdictOf, weeks } from "@/recordings/marks";

const day = (name: string, recorded_ms = 86_400_000): RecordingDay => ({
  day: name,
  begin: 0,
  end: 86_400_000,
  recorded_ms,
  unknown_ms: 0,
  status: "met",
});

test("days that are alike are one piece", () => {
  expect(runs("ssmmmgmu")).toEqual([
    { status: "short", from: 0, days: 2 },
    { status: "met", from: 2, days: 3 },
    { status: "gaps", from: 5, days: 1 },
    { status: "met", from: 6, days: 1 },
    { status: "unknown", from: 7, days: 1 },
  ]);
  expect(runs("")).toEqual([]);
});

test("a letter that nobody knows is unknown, never met", () => {
  expect(tally("mx")).toEqual({ met: 1, short: 0, gaps: 0, unknown: 1 });
});

test("what is short or has gaps has failed, what is unknown has not", () => {
  expect(["met", "short", "gaps", "unknown"].map((one) => verdictOf(one as "met"))).toEqual([
    "met",
    "failed",
    "failed",
    "unknown",
  ]);
});

test("a day with a hole of a second is not recorded to 100 %", () => {
  expect(recorded(day("2026-11-20"))).toBe(100);
  expect(recorded(day("2026-11-20", 86_399_000))).toBe(99.9);
});

test("weeks begin on Monday", () => {
  const found = weeks([day("2026-11-20"), day("2026-11-21"), day("2026-11-22"), day("2026-11-23")]);
  expect(found.map((week) => week.map((one) => one?.day.slice(8) ?? ""))).toEqual([
    ["", "", "", "", "20", "21", "22"],
    ["23", "", "", "", "", "", ""],
  ]);
  expect(weeks([])).toEqual([]);
});
