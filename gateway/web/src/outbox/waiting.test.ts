import { describe, expect, it } from "vitest";
import { failed, HELD_MS, made, over, passing, pause, ready, taken, wake } from "@/outbox/waiting";
import type { Act, Waiting } from "@/outbox/waiting";

const act = (more: Partial<Act> = {}): Act => ({
  method: "POST",
  path: "/devices/s/d/verify",
  body: {},
  lane: "device s/d",
  word: "page.outbox.now",
  thing: null,
  until: null,
  ...more,
});
const one = (key: string, at = 0, more: Partial<Act> = {}) => made(act(more), key, "li", at);
const keys = (all: Waiting[]) => all.map(({ key }) => key);
const GONE = { status: 0, code: "network", detail: "" };

describe("what waits to be sent", () => {
  it("goes out in order within one lane, and does not wait for other lanes", () => {
    const all = [one("b", 2), one("a", 1), one("c", 3, { lane: "device s/e" })];
    expect(keys(ready(all, "li", 10))).toEqual(["a", "c"]);
  });

  it("is sent by the person who did it and by nobody else", () => {
    expect(ready([one("a")], "wang", 10)).toEqual([]);
  });

  it("is held by one page at a time, and is free again when that page was closed", () => {
    const held = taken(one("a"), "page 1", 5);
    expect(taken(held, "page 2", 6).holder).toBe("page 1");
    expect(ready([held], "li", 6)).toEqual([]);
    expect(taken(held, "page 2", 5 + HELD_MS).holder).toBe("page 2");
  });

  it("keeps its key over all attempts", () => {
    const again = taken(failed(taken(one("a"), "p", 0), GONE, 1, 1), "p", 5_000);
    expect(again.key).toBe("a");
    expect(again.attempts).toBe(2);
  });

  it("is tried again later each time, but never later than every thirty seconds", () => {
    expect([1, 2, 3, 4, 5, 6, 40].map((n) => pause(n, 1) / 1000)).toEqual([1, 2, 4, 8, 16, 30, 30]);
    expect(pause(1, 0)).toBe(500);
  });

  it("waits for the network, the session and a gateway in trouble, and for nothing else", () => {
    expect([0, 401, 408, 425, 429, 500, 503].every(passing)).toBe(true);
    expect([400, 403, 404, 409, 422].some(passing)).toBe(false);
  });

  it("is kept with the reason when it was refused, and lets the next one of its lane go", () => {
    const refused = failed(one("a"), { status: 409, code: "refusal.x", detail: "no" }, 5, 1);
    expect(refused.state).toBe("refused");
    expect(refused.refusal?.code).toBe("refusal.x");
    expect(keys(ready([refused, one("b", 1)], "li", 10))).toEqual(["b"]);
  });

  it("is not sent once its time is over, whether it was tried before or not", () => {
    const confirm = one("a", 0, { until: 30_000 });
    expect(taken(confirm, "p", 30_000).state).toBe("waiting");
    expect(taken(confirm, "p", 30_001).state).toBe("lapsed");
    const tried = failed(taken(confirm, "p", 1_000), GONE, 29_000, 1);
    expect(tried.next).toBe(30_000);
    expect(taken(tried, "p", 30_001)).toMatchObject({ state: "lapsed", attempts: 1 });
  });

  it("is looked at again at the moment its time is over, also in a long pause", () => {
    const paused = { ...one("a", 0, { until: 9_000 }), attempts: 9, next: 40_000 };
    expect(wake([paused], "li")).toBe(9_001);
    expect(over(paused, 9_001)).toBe(true);
    expect(keys(ready([paused], "li", 9_001))).toEqual(["a"]);
  });

  it("leaves the page asleep when nothing waits", () => {
    expect(wake([{ ...one("a"), state: "lapsed" }], "li")).toBeNull();
  });
});
