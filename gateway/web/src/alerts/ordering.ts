// In which order and section alerts stand, and how the list holds still while somebody acts.
import type { Alert, PriorityName } from "@/api/types";

export const PRIORITIES: readonly PriorityName[] = ["emergency", "high", "medium", "low", "notice"];

export type Section = "unacknowledged" | "acknowledged" | "shelved";
export const SECTIONS: readonly Section[] = ["unacknowledged", "acknowledged", "shelved"];

/** Ids in the order shown, by section; `waiting` are new ones not let in yet. */
export type Layout = Readonly<Record<Section, readonly number[]>> & {
  readonly waiting: readonly number[];
};
export const EMPTY: Layout = { unacknowledged: [], acknowledged: [], shelved: [], waiting: [] };

export const rank = (priority: PriorityName): number => PRIORITIES.indexOf(priority);

/** Whether somebody still has to acknowledge it. */
export function unacknowledged(alert: Alert): boolean {
  return alert.state === "unacknowledged" || alert.state === "returned";
}

/** Whether it blinks and sounds. Nothing hides an emergency, not even a shelf. */
export function pressing(alert: Alert): boolean {
  return alert.priority === "emergency" && unacknowledged(alert);
}

/** The police were not reached: whoever sees this must telephone. Nothing is louder. */
export function loudest(alert: Alert | null): boolean {
  return alert?.condition === "police_unreached" && unacknowledged(alert);
}

export function sectionOf(alert: Alert): Section {
  const aside = alert.shelved_until !== null || alert.suppressed;
  if (aside && alert.priority !== "emergency") return "shelved";
  return unacknowledged(alert) ? "unacknowledged" : "acknowledged";
}

/** What must be telephoned about first, then the more urgent, then the one that happened last. */
export function before(a: Alert, b: Alert): number {
  return (
    Number(loudest(b)) - Number(loudest(a)) ||
    rank(a.priority) - rank(b.priority) ||
    b.last_occurrence - a.last_occurrence ||
    b.raised - a.raised ||
    b.id - a.id
  );
}

/** The order by urgency. */
export function sorted(alerts: Iterable<Alert>): Layout {
  const sections: Record<Section, Alert[]> = {
    unacknowledged: [],
    acknowledged: [],
    shelved: [],
  };
  for (const alert of alerts)
    if (alert.state !== "closed") sections[sectionOf(alert)].push(alert);
  const ids = (section: Section) => sections[section].sort(before).map((alert) => alert.id);
  return {
    unacknowledged: ids("unacknowledged"),
    acknowledged: ids("acknowledged"),
    shelved: ids("shelved"),
    waiting: [],
  };
}

/**
 * The order while somebody acts: every row stays where it is, whatever its alert became, and new
 * alerts wait, the most urgent first. An alert that calls for action again waits too, although
 * its row is still shown elsewhere.
 */
export function held(layout: Layout, alerts: ReadonlyMap<number, Alert>): Layout {
  const placed = new Map<number, Section>();
  for (const section of SECTIONS) for (const id of layout[section]) placed.set(id, section);
  const waiting = [...alerts.values()].filter(
    (alert) =>
      alert.state !== "closed" &&
      (!placed.has(alert.id) ||
        (sectionOf(alert) === "unacknowledged" && placed.get(alert.id) !== "unacknowledged")),
  );
  return { ...layout, waiting: waiting.sort(before).map((alert) => alert.id) };
}
