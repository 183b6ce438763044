// What an alert's state is called, and the little facts beside it.
import type { Alert } from "@/api/types";
import { moment, span } from "@/words/figures";
import { t, tOr } from "@/words/words";

/** The state in the words of a control room. */
export function stateWord(alert: Alert): string {
  return t(`state.${alert.state}`);
}

/** Why it is put aside: people work there, or its device is out of service. */
function aside({ maintenance }: Alert, now: number): string {
  if (maintenance === null) return t("state.suppressed");
  return t("page.alert.maintenance", { until: moment(maintenance.ends, now) });
}

/** What else one must know at a glance: how often, put aside, false, escalated, assigned. */
export function remarks(alert: Alert, now: number): string[] {
  const said: string[] = [];
  if (alert.active && alert.victims > 0) said.push(t("page.victims.count", { n: alert.victims }));
  if (alert.occurrences > 1) said.push(t("page.alert.times", { n: alert.occurrences }));
  if (alert.shelved_until !== null)
    said.push(t("page.alert.shelved", { left: span(alert.shelved_until - now) }));
  if (alert.suppressed) said.push(aside(alert, now));
  if (alert.escalated !== null && alert.acknowledged === null) said.push(t("page.alert.escalated"));
  if (alert.is_false) said.push(t("state.false"));
  else if (alert.false_proposed_by !== null)
    said.push(t("page.alert.false_proposed", { by: alert.false_proposed_by }));
  if (alert.assigned_to !== null) said.push(t("page.alert.assigned", { to: alert.assigned_to }));
  if (alert.remark !== "") said.push(tOr(`remark.${alert.remark}`, alert.remark));
  return said;
}
