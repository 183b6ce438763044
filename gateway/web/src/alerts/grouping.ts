// What alerts may be grouped by, and how a group is called. An emergency is never in a group.
import type { Alert, Flood } from "@/api/types";
import type { KeyOf } from "@/alerts/ordering";
import { kindName, schoolName } from "@/register/register";
import { t, tOr } from "@/words/words";

export type Grouping = "none" | "school" | "kind" | "cause";
export const GROUPINGS: readonly Grouping[] = ["none", "school", "kind", "cause"];

/** In a flood the alerts of a school since it began belong together, whatever they are of; so do
 * those of all schools where only all together are too many (`school` is empty then). */
function causeOf(alert: Alert, floods: readonly Flood[]): string {
  if (alert.scope !== "" || alert.victims > 0) return "common:";
  const flood = floods.find(
    (one) => (one.school === "" || one.school === alert.school) && alert.raised >= one.since,
  );
  return flood === undefined ? `condition:${alert.condition}` : `flood:${flood.school}`;
}

/** The key of each alert's group: `school:ID`, `kind:KIND`, `flood:SCHOOL`, `common:`, … */
export function keysBy(by: Grouping, floods: readonly Flood[]): KeyOf {
  const key = (alert: Alert): string => {
    if (by === "school") return `school:${alert.school}`;
    if (by === "kind") return `kind:${alert.device.kind}`;
    return causeOf(alert, floods);
  };
  return (alert) => (by === "none" || alert.priority === "emergency" ? "" : key(alert));
}

/** The name of a group. */
export function groupName(key: string): string {
  const [what, id] = [key.slice(0, key.indexOf(":")), key.slice(key.indexOf(":") + 1)];
  if (what === "school") return id === "" ? t("page.group.gateway") : schoolName(id);
  if (what === "kind") return kindName(id);
  if (what === "flood") return t("page.group.flood", { school: id === "" ? t("scope.area") : schoolName(id) });
  if (what === "common") return t("page.group.common");
  return tOr(`condition.${id}`, id);
}
