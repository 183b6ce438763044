// Which maintenance a record names, and how one is told: of what, how long still, how it ended.
// Without a catalogue each sentence is its key.
import { describe, expect, it } from "vitest";
import type { Maintenance } from "@/api/types";
import { ending, numberIn, thing, timing } from "@/maintenance/maintenance";

const NOW = new Date(2026, 10, 22, 9, 0, 0).getTime();
const HOUR = 3_600_000;
const names = (zh: string, en: string) => ({ zh, en });

function one(changes: Partial<Maintenance> = {}): Maintenance {
  return {
    id: 12,
    state: "under_way",
    school: "no3",
    school_name: names("第三中学", "No. 3"),
    place: null,
    place_name: null,
    device: null,
    starts: NOW - HOUR,
    ends: NOW + 2 * HOUR,
    reason: "painting",
    actor: "li",
    announced: NOW - HOUR,
    begun: NOW - HOUR,
    ended: null,
    ended_by: "",
    remark: "",
    hidden: 0,
    may_end: true,
    ...changes,
  };
}

describe("a maintenance", () => {
  it("is named in the reason of what it hides, and nothing else is taken for one", () => {
    expect(numberIn("maintenance:12")).toBe(12);
    expect(numberIn("maintenance: painting")).toBeNull();
    expect(numberIn("maintenance:12 and more")).toBeNull();
    expect(numberIn(undefined)).toBeNull();
  });

  it("is of a device, a place or the whole school", () => {
    const device = { school: "no3", id: "lab-2", kind: "smoke", name: names("实验室", "Lab 2") };
    expect(thing(one({ device }))).toBe("实验室");
    expect(thing(one({ place: "a-3", place_name: names("三层", "3rd floor") }))).toBe("三层");
    expect(thing(one())).toBe("page.maintenance.of.school");
  });

  it("says how long it lasts still, or when it begins", () => {
    expect(timing(one(), NOW)).toBe("page.maintenance.left");
    expect(timing(one({ state: "coming", begun: null, starts: NOW + HOUR }), NOW)).toBe("page.maintenance.in");
  });

  it("says how it came to its end", () => {
    const over = { state: "over", ended: NOW } as const;
    expect(ending(one(), NOW)).toBe("");
    expect(ending(one(over), NOW)).toBe("page.maintenance.ended");
    expect(ending(one({ ...over, begun: null }), NOW)).toBe("page.maintenance.missed");
    expect(ending(one({ ...over, ended_by: "tim" }), NOW)).toBe("page.maintenance.ended_by");
    expect(ending(one({ ...over, ended_by: "tim", begun: null }), NOW)).toBe("page.maintenance.called_off");
  });
});
