import { describe, expect, it } from "vitest";
import type { Alert } from "@/api/types";
import { EVERYTHING, filterOf, listed, narrows, queryOf } from "@/alerts/filter";
import type { Filter } from "@/alerts/filter";

function alert(id: number, change: Partial<Alert> & { kind?: string } = {}): Alert {
  const { kind = "smoke", ...rest } = change;
  return {
    id,
    state: "unacknowledged",
    priority: "medium",
    school: "no3",
    device: { kind },
    ...rest,
  } as Alert;
}

const book = new Map(
  [
    alert(1),
    alert(2, { kind: "camera" }),
    alert(3, { school: "no5", priority: "low" }),
    alert(4, { school: "no5", priority: "emergency" }),
    alert(5, { school: "no5", priority: "emergency", state: "acknowledged" }),
    alert(6, { school: "no5", state: "closed" }),
  ].map((one) => [one.id, one]),
);
const shown = (wanted: Partial<Filter>, inside: ReadonlySet<string> | null = null) =>
  listed(book, { ...EVERYTHING, ...wanted }, inside, (one) => `alert ${one.id} of ${one.school}`);

describe("the filter in the address", () => {
  it("comes back as it was written", () => {
    const filter: Filter = {
      scope: "school:no3-middle",
      kind: "smoke",
      priorities: ["emergency", "low"],
      words: "lab 2",
      group: "kind",
    };
    expect(queryOf(filter)).toEqual({
      school: "no3-middle",
      kind: "smoke",
      priority: "emergency,low",
      q: "lab 2",
      group: "kind",
    });
    expect(filterOf(queryOf(filter))).toEqual(filter);
    expect(filterOf(queryOf({ ...EVERYTHING, scope: "region:east" })).scope).toBe("region:east");
  });

  it("asks for nothing where it says nothing, or nothing known", () => {
    expect(queryOf(EVERYTHING)).toEqual({});
    expect(filterOf({})).toEqual(EVERYTHING);
    expect(filterOf({ priority: "urgent", group: "colour", kind: ["a", "b"] })).toEqual(EVERYTHING);
    expect(filterOf({ priority: "notice,low,medium,high,emergency" })).toEqual(EVERYTHING);
  });

  it("narrows nothing by grouping", () => {
    expect(narrows({ ...EVERYTHING, group: "school" })).toBe(false);
    expect(narrows({ ...EVERYTHING, words: " " })).toBe(false);
    expect(narrows({ ...EVERYTHING, kind: "smoke" })).toBe(true);
  });
});

describe("what is listed", () => {
  it("is everything without a filter", () => {
    expect(shown({})).toEqual({ visible: book, outside: new Set(), hidden: 0 });
  });

  it("matches all that is asked for", () => {
    const { visible, hidden } = shown({ kind: "smoke", priorities: ["medium"], words: "of NO3" });
    expect([...visible.keys()]).toEqual([1, 4]);
    expect(hidden).toBe(3);
  });

  it("holds an emergency that nobody has acknowledged, whatever is asked for, and says so", () => {
    const { visible, outside } = shown({ scope: "school:no3" }, new Set(["no3"]));
    expect([...visible.keys()]).toEqual([1, 2, 4]);
    expect([...outside]).toEqual([4]);
  });

  it("does not count what is closed as hidden", () => {
    expect(shown({ words: "nobody" }).hidden).toBe(4);
  });
});
