// Which alerts are listed: what was asked for, as it stands in the address, and what it leaves out.
import type { Alert, PriorityName } from "@/api/types";
import { GROUPINGS } from "@/alerts/grouping";
import type { Grouping } from "@/alerts/grouping";
import { pressing, PRIORITIES } from "@/alerts/ordering";

export type Filter = {
  /** As of the header: `region:ID`, `school:ID` or empty. */
  readonly scope: string;
  /** A kind of device, or empty. */
  readonly kind: string;
  /** None of them means all of them. */
  readonly priorities: readonly PriorityName[];
  readonly words: string;
  readonly group: Grouping;
};

export const EVERYTHING: Filter = { scope: "", kind: "", priorities: [], words: "", group: "none" };

type Query = Readonly<Record<string, unknown>>;

const text = (value: unknown): string => (typeof value === "string" ? value.slice(0, 200) : "");

/** The filter that an address asks for; what it does not know of asks for nothing. */
export function filterOf(query: Query): Filter {
  const [school, region] = [text(query.school), text(query.region)];
  const wanted = text(query.priority).split(",");
  const priorities = PRIORITIES.filter((one) => wanted.includes(one));
  return {
    scope: school !== "" ? `school:${school}` : region !== "" ? `region:${region}` : "",
    kind: text(query.kind),
    priorities: priorities.length === PRIORITIES.length ? [] : priorities,
    words: text(query.q),
    group: GROUPINGS.find((one) => one === query.group) ?? "none",
  };
}

/** The filter as part of an address; what it does not ask for is not in it. */
export function queryOf({ scope, kind, priorities, words, group }: Filter): Record<string, string> {
  const at = scope.indexOf(":");
  const [level, id] = [scope.slice(0, Math.max(0, at)), scope.slice(at + 1)];
  const all = { [level]: id, kind, priority: priorities.join(","), q: words };
  const asked = Object.entries(all).filter(([name, value]) => name !== "" && value !== "");
  return { ...Object.fromEntries(asked), ...(group === "none" ? {} : { group }) };
}

/** Whether it leaves anything out. */
export function narrows({ scope, kind, priorities, words }: Filter): boolean {
  return scope !== "" || kind !== "" || priorities.length > 0 || words.trim() !== "";
}

export type Listed = {
  readonly visible: ReadonlyMap<number, Alert>;
  /** Emergencies that nobody has acknowledged and that the filter would leave out: listed all the
   * same, with a mark. */
  readonly outside: ReadonlySet<number>;
  readonly hidden: number;
};

/**
 * What is listed. `inside` are the schools of the scope (`null`: all), `textOf` is what a search
 */
export function listed(
  alerts: ReadonlyMap<number, Alert>,
  filter: Filter,
  inside: ReadonlySet<string> | null,
  textOf: (alert: Alert) => string,
): Listed {
  const outside = new Set<number>();
  if (!narrows(filter)) return { visible: alerts, outside, hidden: 0 };
  const words = filter.words.toLowerCase().split(/\s+/).filter(Boolean);
  const matches = (alert: Alert): boolean =>
    (inside === null || inside.has(alert.school)) &&
    (filter.kind === "" || alert.device.kind === filter.kind) &&
    (filter.priorities.length === 0 || filter.priorities.includes(alert.priority)) &&
    (words.length === 0 || words.every((word) => textOf(alert).includes(word)));
  const visible = new Map<number, Alert>();
  let hidden = 0;
  for (const [id, alert] of alerts) {
    if (matches(alert)) visible.set(id, alert);
    else if (pressing(alert)) {
      outside.add(id);
      visible.set(id, alert);
    } else if (alert.state !== "closed") hidden += 1;
  }
  return { visible, outside, hidden };
}
