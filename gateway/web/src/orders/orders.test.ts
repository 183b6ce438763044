import { describe, expect, it } from "vitest";
import type { WorkOrder } from "@/api/types";
import { pressingFirst } from "@/orders/orders";

function order(id: number, change: Partial<WorkOrder> = {}): WorkOrder {
  return { id, state: "open", overdue: false, opened: id, due: 1000, ...change } as WorkOrder;
}

const ids = (...orders: WorkOrder[]) => orders.sort(pressingFirst).map(({ id }) => id);

describe("the order of work orders", () => {
  it("puts what is overdue first, then what is due next", () => {
    const [calm, next, late] = [
      order(1, { due: 3000 }),
      order(2, { due: 2000 }),
      order(3, { due: 500, overdue: true }),
    ];
    expect(ids(calm, next, late)).toEqual([3, 2, 1]);
  });

  it("puts what is over last, the newest first", () => {
    const over = [order(1, { state: "closed" }), order(2, { state: "cancelled", overdue: true })];
    expect(ids(...over, order(3))).toEqual([3, 2, 1]);
  });
});
