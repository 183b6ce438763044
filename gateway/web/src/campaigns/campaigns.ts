// What is said of campaigns, their progress and the reports that are due.
import type { Campaign, CampaignTally, DueReport } from "@/api/types";
import { forField } from "@/words/figures";

export const SIGNS = {
  done: "✓",
  finding: "!",
  not_applicable: "–",
  open: "○",
  overdue: "✗",
  unknown: "?",
} as const;

/** Beside the word, never colour alone. */
export const REPORT_SIGNS = { coming: "…", due: "○", overdue: "✗", signed: "✓", late: "✓!" } as const;

/** Whole per cent, rounded down: 100 only when all is. */
export function share(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.floor((100 * part) / whole);
}

/** Where a day lies in a campaign, 0 to 1: its beginning, or with `end` its end. */
export function along(campaign: Pick<Campaign, "begins" | "ends">, day: string, end = false): number {
  const DAY_MS = 86_400_000;
  const from = Date.parse(campaign.begins);
  const length = Date.parse(campaign.ends) + DAY_MS - from;
  const at = Date.parse(day) + (end ? DAY_MS : 0) - from;
  return Math.min(1, Math.max(0, at / length));
}

/** A deadline, in the time of this screen: the day always, for it stands beside those of other days; no seconds. */
export const minute = (ms: number): string => forField(ms).replace("T", " ");

/** Whether anything of it is late. */
export const late = (tally: CampaignTally): boolean => tally.late > 0;

/** Where the page of a report is. */
export function reportPage(one: Pick<DueReport, "campaign" | "kind" | "period" | "subject">): string {
  const parts = [one.campaign, one.kind, one.period, one.subject];
  return "/audit-reports/" + parts.map((part) => encodeURIComponent(part)).join("/");
}

/** What a bar of progress shows of a tally. */
export const bar = (of: { checks: number; seen_to: number; overdue: number }) => ({
  checks: of.checks,
  seenTo: of.seen_to,
  overdue: of.overdue,
});
