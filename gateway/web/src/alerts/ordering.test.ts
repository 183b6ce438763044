import { describe, expect, it } from "vitest";
import type { Alert } from "@/api/types";
import { EMPTY, held, sorted } from "@/alerts/ordering";

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

describe("the order of alerts", () => {
  it("puts the more urgent first, then the one that happened last", () => {
    const layout = sorted([
      alert(1),
      alert(2, { priority: "emergency" }),
      alert(3),
      alert(4, { priority: "low" }),
    ]);
    expect(layout.unacknowledged).toEqual([2, 3, 1, 4]);
  });

  it("puts what must be telephoned about before every other emergency", () => {
    const layout = sorted([
      alert(1, { priority: "emergency", condition: "police_unreached" }),
      alert(2, { priority: "emergency", condition: "panic" }),
      alert(3, { priority: "emergency", condition: "police_unreached", state: "acknowledged" }),
    ]);
    expect(layout.unacknowledged).toEqual([1, 2]);
  });

  it("counts what returned without anybody acknowledging as unacknowledged", () => {
    expect(sorted([alert(1, { state: "returned" })]).unacknowledged).toEqual([1]);
  });

  it("never hides an emergency on the shelf", () => {
    const layout = sorted([
      alert(1, { priority: "emergency", shelved_until: 99, suppressed: true }),
      alert(2, { shelved_until: 99 }),
    ]);
    expect(layout.unacknowledged).toEqual([1]);
    expect(layout.shelved).toEqual([2]);
  });

  it("leaves out what is closed", () => {
    expect(sorted([alert(1, { state: "closed" })])).toEqual(EMPTY);
  });
});

describe("while somebody acts", () => {
  const before = sorted([alert(1), alert(2)]);

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
    const acknowledged = sorted([alert(1, { state: "acknowledged" })]);
    expect(held(acknowledged, book(alert(1))).waiting).toEqual([1]);
  });
});
