// In which order, section and group alerts stand, and how the list holds still while somebody acts.
import type { Alert, PriorityName } from "@/api/types";

export const PRIORITIES: readonly PriorityName[] = ["emergency", "high", "medium", "low", "notice"];

export type Section = "unacknowledged" | "acknowledged" | "shelved";
export const SECTIONS: readonly Section[] = ["unacknowledged", "acknowledged", "shelved"];

/** Alerts under one head; those under the empty key stand by themselves, above all groups. */
export type Group = { readonly key: string; readonly ids: readonly number[] };

/** Ids in the order shown, by section and group; `waiting` are new ones not let in yet. */
export type Layout = Readonly<Record<Section, readonly Group[]>> & {
  readonly waiting: readonly number[];
  /** In which section each one stands. */
  readonly placed: ReadonlyMap<number, Section>;
};
export const EMPTY: Layout = {
  unacknowledged: [],
  acknowledged: [],
  shelved: [],
  waiting: [],
  placed: new Map(),
};

/** To which group an alert belongs. */
export type KeyOf = (alert: Alert) => string;
const ungrouped: KeyOf = () => "";

const RANKS = Object.fromEntries(PRIORITIES.map((name, rank) => [name, rank])) as Record<
  PriorityName,
  number
>;
export const rank = (priority: PriorityName): number => RANKS[priority];

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

/**
 * The order by urgency: of the alerts in a group, and of the groups by their most urgent one.
 * `was` is the order until now: most stand as they stood, and what is nearly in order is sorted in
 * no time, which counts with thousands of alerts several times a second.
 */
export function sorted(
  alerts: ReadonlyMap<number, Alert>,
  keyOf: KeyOf = ungrouped,
  was: Layout = EMPTY,
): Layout {
  const found: Record<Section, Map<string, Alert[]>> = {
    unacknowledged: new Map(),
    acknowledged: new Map(),
    shelved: new Map(),
  };
  const place = (alert: Alert) => {
    if (alert.state === "closed") return;
    const groups = found[sectionOf(alert)];
    const key = keyOf(alert);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [alert]);
    else group.push(alert);
  };
  for (const id of was.placed.keys()) {
    const alert = alerts.get(id);
    if (alert !== undefined) place(alert);
  }
  for (const [id, alert] of alerts) if (!was.placed.has(id)) place(alert);

  const placed = new Map<number, Section>();
  const order = (section: Section): Group[] => {
    const groups = [...found[section]].map(([key, members]) => ({ key, members: members.sort(before) }));
    const first = ({ members }: { members: Alert[] }) => members[0] as Alert; // no group is empty
    groups.sort((a, b) => Number(a.key !== "") - Number(b.key !== "") || before(first(a), first(b)));
    for (const { members } of groups) for (const { id } of members) placed.set(id, section);
    return groups.map(({ key, members }) => ({ key, ids: members.map(({ id }) => id) }));
  };
  const sections = {
    unacknowledged: order("unacknowledged"),
    acknowledged: order("acknowledged"),
    shelved: order("shelved"),
  };
  return { ...sections, waiting: [], placed };
}

/**
 * The order while somebody acts: every row stays where it is, whatever its alert became, and new
 * alerts wait, the most urgent first. An alert that calls for action again waits too, although
 * its row is still shown elsewhere.
 */
export function held(layout: Layout, alerts: ReadonlyMap<number, Alert>): Layout {
  const waiting: Alert[] = [];
  for (const alert of alerts.values()) {
    if (alert.state === "closed") continue;
    const place = layout.placed.get(alert.id);
    const calls = place !== "unacknowledged" && sectionOf(alert) === "unacknowledged";
    if (place === undefined || calls) waiting.push(alert);
  }
  return { ...layout, waiting: waiting.sort(before).map((alert) => alert.id) };
}

/** The first of all: what is looked at while nobody has chosen. */
export function foremost(layout: Layout): number | null {
  return layout.unacknowledged[0]?.ids[0] ?? null;
}

/** How many stand in these groups. */
export function size(groups: readonly Group[]): number {
  return groups.reduce((sum, { ids }) => sum + ids.length, 0);
}
