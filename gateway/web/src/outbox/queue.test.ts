import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Problem } from "@/api/client";
import { Queue } from "@/outbox/queue";
import { MemoryShelf } from "@/outbox/shelf";
import { made } from "@/outbox/waiting";
import type { Act, Waiting } from "@/outbox/waiting";

const act = (more: Partial<Act> = {}): Act => ({
  method: "POST",
  path: "/verifications/v1/confirm",
  body: {},
  lane: "device s/d",
  word: "page.outbox.now",
  thing: null,
  until: null,
  ...more,
});

/** A gateway that may be out of reach, lose its answer or refuse, and does each key once. */
class Gateway {
  readonly asked: string[] = [];
  readonly done = new Map<string, string>();
  reachable = true;
  losesAnswers = 0;
  refuses: Problem | null = null;

  readonly send = (one: Waiting): Promise<unknown> => {
    this.asked.push(one.key);
    if (!this.reachable) return Promise.reject(new Problem(0, "network", "unreachable"));
    if (this.refuses) return Promise.reject(this.refuses);
    if (!this.done.has(one.key)) this.done.set(one.key, one.path);
    if (this.losesAnswers-- > 0) return Promise.reject(new Problem(0, "timeout", "lost"));
    return Promise.resolve({ done: one.path });
  };
}

let names = 0;

function page(gateway: Pick<Gateway, "send">, shelf = new MemoryShelf(), user: string | null = "li") {
  const seen: { all: Waiting[]; sent: string[]; user: string | null } = { all: [], sent: [], user };
  const queue = new Queue({
    shelf,
    send: gateway.send,
    user: () => seen.user,
    now: () => Date.now(),
    name: () => `n${++names}`,
    chance: () => 1,
    changed(all) {
      seen.all = all;
    },
    sent(one) {
      seen.sent.push(one.path);
    },
  });
  return { queue, seen, shelf };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("the queue", () => {
  it("answers with what the gateway answered when the network is there", async () => {
    const { queue, shelf } = page(new Gateway());
    const delivered = await queue.add(act());
    expect(delivered).toMatchObject({ state: "sent", answer: { done: act().path } });
    expect(await shelf.all()).toEqual([]);
  });

  it("says that it waits, tries again by itself, and tells when it was sent", async () => {
    const gateway = new Gateway();
    gateway.reachable = false;
    const { queue, seen, shelf } = page(gateway);
    expect(await queue.add(act())).toMatchObject({ state: "waiting" });
    await vi.advanceTimersByTimeAsync(3_100);
    expect(gateway.asked).toHaveLength(3); // at once, after one second, after two more
    gateway.reachable = true;
    await vi.advanceTimersByTimeAsync(4_100);
    expect(seen.sent).toEqual([act().path]);
    expect(await shelf.all()).toEqual([]);
  });

  it("loses nothing when the page is loaded anew, and sends it under the same key", async () => {
    const gateway = new Gateway();
    gateway.reachable = false;
    const { queue, shelf, seen } = page(gateway);
    await queue.add(act());
    seen.user = null; // the first page is gone: it sends no more
    gateway.reachable = true;
    const later = page(gateway, shelf);
    await later.queue.hurry();
    await vi.advanceTimersByTimeAsync(1);
    expect(later.seen.sent).toEqual([act().path]);
    expect(new Set(gateway.asked).size).toBe(1);
  });

  it("does nothing twice when an answer was lost", async () => {
    const gateway = new Gateway();
    gateway.losesAnswers = 2;
    const { queue } = page(gateway);
    await queue.add(act());
    await vi.advanceTimersByTimeAsync(3_100);
    expect(gateway.asked).toHaveLength(3);
    expect(gateway.done.size).toBe(1);
  });

  it("sends each act from one of two open pages", async () => {
    const gateway = new Gateway();
    const shelf = new MemoryShelf();
    const [one, other] = [page(gateway, shelf), page(gateway, shelf)];
    for (const key of ["a", "b", "c"])
      await shelf.put(made(act({ lane: key }), key, "li", Date.now()));
    await Promise.all([one.queue.turn(), other.queue.turn()]);
    await vi.advanceTimersByTimeAsync(10);
    expect([...gateway.asked].sort()).toEqual(["a", "b", "c"]);
  });

  it("throws what was refused at once and keeps it no longer: who asked knows", async () => {
    const gateway = new Gateway();
    gateway.refuses = new Problem(409, "refusal.window_open", "already");
    const { queue, shelf } = page(gateway);
    await expect(queue.add(act())).rejects.toThrow("already");
    expect(await shelf.all()).toEqual([]);
  });

  it("keeps what was refused later, until somebody has read it", async () => {
    const gateway = new Gateway();
    gateway.reachable = false;
    const { queue, seen } = page(gateway);
    const { key } = await queue.add(act());
    gateway.reachable = true;
    gateway.refuses = new Problem(404, "not_found", "gone");
    await vi.advanceTimersByTimeAsync(1_100);
    expect(seen.all).toMatchObject([{ state: "refused", refusal: { code: "not_found" } }]);
    await queue.drop(key);
    expect(seen.all).toEqual([]);
  });

  it("never sends a confirmation whose time is over, and says so", async () => {
    const gateway = new Gateway();
    gateway.reachable = false;
    const { queue, seen } = page(gateway);
    await queue.add(act({ until: Date.now() + 2_000 }));
    await vi.advanceTimersByTimeAsync(2_100);
    const before = gateway.asked.length;
    gateway.reachable = true;
    await queue.hurry();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(gateway.asked).toHaveLength(before);
    expect(seen.all).toMatchObject([{ state: "lapsed" }]);
  });

  it("keeps the order of what was done to one device, whatever the network does", async () => {
    const gateway = new Gateway();
    gateway.reachable = false;
    const { queue, seen } = page(gateway);
    const patience = [
      queue.add(act({ path: "/adopt" })),
      queue.add(act({ path: "/position" })),
      queue.add(act({ path: "/verify" })),
    ];
    await vi.advanceTimersByTimeAsync(5_000);
    await Promise.all(patience);
    gateway.reachable = true;
    await queue.hurry();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(seen.sent).toEqual(["/adopt", "/position", "/verify"]);
  });

  it("waits while nobody is signed in", async () => {
    const gateway = new Gateway();
    const { queue, seen } = page(gateway);
    seen.user = null;
    await queue.turn();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(gateway.asked).toEqual([]);
  });

  it("does not forget one that is under way", async () => {
    const shelf = new MemoryShelf();
    const { queue } = page(new Gateway(), shelf);
    let answer: (value: unknown) => void = () => undefined;
    const slow = { send: () => new Promise((done) => (answer = done)) };
    const other = page(slow, shelf);
    const asked = other.queue.add(act());
    await vi.advanceTimersByTimeAsync(4_100);
    const { key } = await asked;
    await queue.drop(key);
    expect(await shelf.all()).toHaveLength(1);
    answer({});
    await vi.advanceTimersByTimeAsync(10);
    expect(await shelf.all()).toEqual([]);
  });

  it("sends at once what a full phone cannot keep, and tells when that failed", async () => {
    const shelf = new MemoryShelf();
    shelf.put = () => Promise.reject(new DOMException("full", "QuotaExceededError"));
    const gateway = new Gateway();
    const { queue } = page(gateway, shelf);
    expect(await queue.add(act())).toMatchObject({ state: "sent", answer: { done: act().path } });
    gateway.reachable = false;
    await expect(queue.add(act())).rejects.toMatchObject({ code: "network" });
  });

  it("does not go round and round when a full phone cannot note that it is sending", async () => {
    const shelf = new MemoryShelf();
    const change = vi.spyOn(shelf, "change");
    change.mockRejectedValue(new DOMException("full", "QuotaExceededError"));
    const gateway = new Gateway();
    const { queue, seen } = page(gateway, shelf);
    const asked = queue.add(act());
    await vi.advanceTimersByTimeAsync(10);
    expect((await asked).state).toBe("waiting");
    await vi.advanceTimersByTimeAsync(25_000);
    expect(change).toHaveBeenCalledTimes(1);
    change.mockRestore();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(seen.sent).toEqual([act().path]);
  });
});
