// Work orders as people read them: the most pressing first, and how long there is left.
import { path } from "@/api/client";
import type { OrderAct, WorkOrder } from "@/api/types";
import { deliver } from "@/outbox/outbox";
import type { Delivered } from "@/outbox/queue";
import { span } from "@/words/figures";
import { t } from "@/words/words";

export const STATES = ["open", "overdue", "done", "closed"] as const;

export const standing = (order: WorkOrder) =>
  order.state !== "closed" && order.state !== "cancelled";

/** Overdue first, then what is due next; what is over comes last, the newest first. */
export function pressingFirst(a: WorkOrder, b: WorkOrder): number {
  const over = Number(!standing(a)) - Number(!standing(b));
  if (over !== 0) return over;
  if (!standing(a)) return b.opened - a.opened || b.id - a.id;
  return Number(b.overdue) - Number(a.overdue) || a.due - b.due || a.id - b.id;
}

/** "3 h left", "2 h overdue"; nothing for what is over. */
export function dueIn(order: WorkOrder, now: number): string {
  if (!standing(order)) return "";
  return order.due < now
    ? t("page.order.overdue_by", { span: span(now - order.due) })
    : t("page.order.left", { span: span(order.due - now) });
}

export const laneOf = (id: number) => `order:${id}`;

/** Send it, or keep it on this phone until there is a network again. */
export function act(order: WorkOrder, wanted: OrderAct): Promise<Delivered> {
  return deliver({
    method: "POST",
    path: path("work-orders", order.id, "actions"),
    body: wanted,
    lane: laneOf(order.id),
    word: `work_order.action.${wanted.action}`,
    thing: order.title,
    until: null,
  });
}
