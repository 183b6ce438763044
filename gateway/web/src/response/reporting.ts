// By when emergencies are to be told to those above: the order, and what is left of the time.
import { address, path } from "@/api/client";
import type { Alert, ReportDue } from "@/api/types";
import { eastMinutes } from "@/words/figures";
import { spoken } from "@/words/words";

/** A report that nobody has signed for yet. */
export type Waiting = { alert: Alert; report: ReportDue };

/** What of these alerts is still to be reported, the first due first. */
export function waitingReports(alerts: Iterable<Alert>): Waiting[] {
  const found: Waiting[] = [];
  for (const alert of alerts)
    for (const report of alert.reports)
      if (report.done_at === null) found.push({ alert, report });
  return found.sort((a, b) => a.report.due - b.report.due || a.alert.id - b.alert.id);
}

/** The name of one report among all. */
export const keyOf = ({ alert, report }: Waiting) => `${alert.id}/${report.form}`;

/** 29:37 of a length of time, 1:04:59 from an hour on; a second that has begun counts as whole. */
export function ticking(ms: number): string {
  const seconds = Math.ceil(Math.abs(ms) / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const tail = String(seconds % 60).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}

/** Where the report of an alert comes from, in the reader's language and time zone. */
export function reportFile(alert: Alert, kind: "pdf" | "txt"): string {
  const reader = { language: spoken.value, east: eastMinutes(alert.raised) };
  return address(path("alerts", alert.id, `report.${kind}`), reader);
}
