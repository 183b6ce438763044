import { describe, expect, it } from "vitest";
import type { Alert } from "@/api/types";
import { applies, asked } from "@/alerts/together";

const alert = (id: number, change: Partial<Alert> = {}): Alert =>
  ({
    id,
    state: "unacknowledged",
    priority: "medium",
    shelved_until: null,
    is_false: false,
    false_proposed_by: null,
    occurrences: id,
    ...change,
  }) as Alert;

describe("what is done to several alerts at once", () => {
  it("leaves alone those to which it does not apply", () => {
    expect(applies("acknowledge", alert(1))).toBe(true);
    expect(applies("acknowledge", alert(1, { state: "returned" }))).toBe(true);
    expect(applies("acknowledge", alert(1, { state: "acknowledged" }))).toBe(false);
    expect(applies("shelve", alert(1, { priority: "emergency" }))).toBe(false);
    expect(applies("shelve", alert(1, { shelved_until: 9 }))).toBe(false);
    expect(applies("comment", alert(1, { state: "closed" }))).toBe(false);
    expect(applies("unshelve", alert(1))).toBe(false);
    expect(applies("unshelve", alert(1, { shelved_until: 9 }))).toBe(true);
    expect(applies("reset", alert(1, { state: "acknowledged" }))).toBe(false);
    expect(applies("reset", alert(1, { state: "latched" }))).toBe(true);
    expect(applies("mark_false", alert(1))).toBe(true);
    expect(applies("mark_false", alert(1, { is_false: true }))).toBe(false);
    expect(applies("mark_false", alert(1, { false_proposed_by: "anna" }))).toBe(false);
  });

  it("goes with how often each has happened, so that nothing unseen is acknowledged", () => {
    const [part] = asked({ action: "acknowledge" }, [alert(7), alert(9)]);
    expect(part?.alerts).toEqual([
      { id: 7, occurrences: 7 },
      { id: 9, occurrences: 9 },
    ]);
  });

  it("is asked for in parts that the gateway takes, each alert once", () => {
    const parts = asked({ action: "acknowledge" }, Array.from({ length: 450 }, (_, n) => alert(n)));
    expect(parts.map(({ alerts }) => alerts.length)).toEqual([200, 200, 50]);
    expect(new Set(parts.flatMap(({ alerts }) => alerts.map(({ id }) => id))).size).toBe(450);
  });
});
