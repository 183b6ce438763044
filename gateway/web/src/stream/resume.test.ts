import { describe, expect, it } from "vitest";
import type { FeedFrame, StreamEntry } from "@/api/types";
import { heardFrom, liveness, patience, taken, UNHEARD } from "@/stream/resume";

const entry = (row: number) => ({ row }) as StreamEntry;
const frame = (now: number) => ({ feed: { now }, counts: {} }) as unknown as FeedFrame;

describe("the stream", () => {
  it("takes each event once, also when a resumed connection sends some again", () => {
    const [first, fresh] = taken(UNHEARD, [entry(5), entry(6)], 0);
    const [second, again] = taken(first, [entry(6), entry(7)], 1);
    expect(fresh.map(({ row }) => row)).toEqual([5, 6]);
    expect(again.map(({ row }) => row)).toEqual([7]);
    expect(second.after).toBe(7);
  });

  it("resumes after the row of a sign of life when no event has come yet", () => {
    expect(heardFrom(UNHEARD, frame(0), 41, 0).after).toBe(41);
  });

  it("never goes back behind an event for a sign of life that names an earlier row", () => {
    const [state] = taken(UNHEARD, [entry(9)], 0);
    expect(heardFrom(state, frame(0), 8, 0).after).toBe(9);
  });

  it("follows the gateway's clock, not the browser's", () => {
    expect(heardFrom(UNHEARD, frame(50_000), null, 20_000).offset).toBe(30_000);
  });

  it("gives nothing new to be drawn when it says what was said before", () => {
    const told = (open: number) =>
      ({ ...frame(0), counts: { high: { open } }, floods: [{ school: "no3" }] }) as unknown as FeedFrame;
    const first = heardFrom(UNHEARD, told(1), null, 0);
    const same = heardFrom(first, told(1), null, 1_000);
    const other = heardFrom(same, told(2), null, 2_000);
    expect(same.counts).toBe(first.counts);
    expect(other.counts).toEqual({ high: { open: 2 } });
    expect(other.floods).toBe(first.floods);
  });

  it("is stalled after three seconds of silence, and dead after eight", () => {
    const state = heardFrom(UNHEARD, frame(0), null, 10_000);
    const at = (ms: number) => liveness(state, 0, 10_000 + ms);
    expect([at(2_900), at(3_100), at(8_100)]).toEqual(["live", "stalled", "dead"]);
  });

  it("is connecting, not stalled, in its first seconds", () => {
    expect(liveness(UNHEARD, 0, 2_000)).toBe("connecting");
    expect(liveness(UNHEARD, 0, 4_000)).toBe("stalled");
  });

  it("waits longer with each attempt, but never beyond eight seconds", () => {
    const waits = [0, 1, 2, 3, 4, 50].map((attempts) => patience(attempts, 1));
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 8_000]);
    expect(patience(2, 0)).toBe(1_000);
  });
});
