import { describe, expect, it } from "vitest";
import type { Alert } from "@/api/types";
import { EMPTY, foremost, held, sorted } from "@/alerts/ordering";
import type { Layout, Section } from "@/alerts/ordering";

function alert(id: number, change: Partial<Alert> = {}): Alert {
  return {
    id,
    state: "unacknowledged",
    priority: "medium",
    raised: id,
    last_occurrence: id,
    shelved_until: null,
    suppressed: false,
    maintenance: null,
    ...change,
  } as Alert;
}

const book = (...alerts: Alert[]) => new Map(alerts.map((one) => [one.id, one]));
const ids = (layout: Layout, section: Section) => layout[section].flatMap((group) => group.ids);

describe("the order of alerts", () => {
  it("puts the more urgent first, then the one that happened last", () => {
    const layout = sorted(book(
      alert(1),
      alert(2, { priority: "emergency" }),
      alert(3),
      alert(4, { priority: "low" })));
    expect(ids(layout, "unacknowledged")).toEqual([2, 3, 1, 4]);
  });

  it("puts what must be telephoned about before every other emergency", () => {
    const layout = sorted(book(
      alert(1, { priority: "emergency", condition: "police_unreached" }),
      alert(2, { priority: "emergency", condition: "panic" }),
      alert(3, { priority: "emergency", condition: "police_unreached", state: "acknowledged" })));
    expect(ids(layout, "unacknowledged")).toEqual([1, 2]);
  });

  it("counts what returned without anybody acknowledging as unacknowledged", () => {
    expect(ids(sorted(book(alert(1, { state: "returned" }))), "unacknowledged")).toEqual([1]);
  });

  it("never hides an emergency on the shelf", () => {
    const layout = sorted(book(
      alert(1, { priority: "emergency", shelved_until: 99, suppressed: true }),
      alert(2, { shelved_until: 99 })));
    expect(ids(layout, "unacknowledged")).toEqual([1]);
    expect(ids(layout, "shelved")).toEqual([2]);
  });

  it("leaves out what is closed", () => {
    expect(sorted(book(alert(1, { state: "closed" })))).toEqual(EMPTY);
  });
});

describe("while somebody acts", () => {
  const before = sorted(book(alert(1), alert(2)));

  it("every row stays where it is, whatever its alert became", () => {
    const after = held(before, book(alert(1, { state: "closed" }), alert(2, { state: "acknowledged" })));
    expect(after.unacknowledged).toEqual(before.unacknowledged);
  });

  it("new alerts wait, the most urgent first", () => {
    const after = held(
      before,
      book(alert(1), alert(2), alert(3, { priority: "low" }), alert(4, { priority: "emergency" })),
    );
    expect(after.waiting).toEqual([4, 3]);
  });

  it("an acknowledged alert that happens again waits too", () => {
    const acknowledged = sorted(book(alert(1, { state: "acknowledged" })));
    expect(held(acknowledged, book(alert(1))).waiting).toEqual([1]);
  });
});

describe("the order kept from one moment to the next", () => {
  it("is the one that sorting from nothing gives", () => {
    const many = Array.from({ length: 300 }, (_, n) =>
      alert(n, { priority: n % 7 === 0 ? "high" : "low", last_occurrence: (n * 7919) % 1000 }),
    );
    const was = sorted(book(...many));
    const changed = book(
      ...many.slice(20).map((one) =>
        one.id % 5 === 0
          ? alert(one.id, { state: "acknowledged" })
          : one.id % 3 === 0
            ? { ...one, last_occurrence: one.last_occurrence + 500 }
            : one,
      ),
      alert(999, { priority: "emergency" }),
    );
    expect(sorted(changed, undefined, was)).toEqual(sorted(changed));
  });
});

describe("alerts in groups", () => {
  const bySchool = (one: Alert) => (one.priority === "emergency" ? "" : one.school);
  const layout = sorted(
    book(
      alert(1, { school: "a", priority: "low" }),
      alert(2, { school: "b", priority: "high" }),
      alert(3, { school: "a", priority: "emergency" }),
      alert(4, { school: "b", priority: "low" }),
      alert(5, { school: "a", priority: "medium" }),
    ),
    bySchool,
  );

  it("stand by urgency in their group, and the groups by their most urgent alert", () => {
    expect(layout.unacknowledged).toEqual([
      { key: "", ids: [3] },
      { key: "b", ids: [2, 4] },
      { key: "a", ids: [5, 1] },
    ]);
  });

  it("never hold an emergency, which stands above all of them", () => {
    expect(foremost(layout)).toBe(3);
  });
});
