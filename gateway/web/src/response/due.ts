// Emergencies whose reports nobody has signed for, closed ones too: loaded once, then kept by the
// stream. A report that becomes overdue is heard once on every screen.
import { computed, shallowRef } from "vue";
import { get } from "@/api/client";
import type { Alert, Items, StreamEntry } from "@/api/types";
import { keyOf, waitingReports } from "@/response/reporting";
import { soundOnce } from "@/sound/sound";

const known = shallowRef<ReadonlyMap<number, Alert>>(new Map());
/** What the stream brought since they were last asked for; null while nobody asks. */
let meanwhile: Map<number, Alert> | null = null;
/** What was overdue when this screen was opened, or has been heard since. */
const heard = new Set<string>();
let loaded = false;
let opened = false;

export const waiting = computed(() => waitingReports(known.value.values()));

const due = (alert: Alert) => alert.reports.some((one) => one.done_at === null);

/** Take in what the stream brought. */
export function takeReports(entries: readonly StreamEntry[]): void {
  const urgent = entries.filter(({ alert }) => alert.priority === "emergency");
  if (urgent.length === 0) return;
  const next = new Map(known.value);
  for (const { alert } of urgent) {
    meanwhile?.set(alert.id, alert);
    if (due(alert)) next.set(alert.id, alert);
    else next.delete(alert.id);
  }
  known.value = next;
}

/** Ask for all of them anew. What comes in meanwhile is newer than the answer. */
export async function loadReports(): Promise<void> {
  const mine = (meanwhile = new Map<number, Alert>());
  try {
    const found = await get<Items<Alert>>("/reports");
    if (mine !== meanwhile) return; // a later question is under way
    const next = new Map(found.items.map((alert) => [alert.id, alert]));
    for (const alert of mine.values()) {
      if ((next.get(alert.id)?.version ?? 0) > alert.version) continue;
      if (due(alert)) next.set(alert.id, alert);
      else next.delete(alert.id);
    }
    known.value = next;
  } finally {
    loaded = true;
    if (mine === meanwhile) meanwhile = null;
  }
}

/** Cry once for what has become overdue by now. */
export function cryOverdue(now: number): void {
  if (!loaded) return;
  const fresh = waiting.value.filter((one) => one.report.due < now && !heard.has(keyOf(one)));
  for (const one of fresh) heard.add(keyOf(one));
  // What had been overdue before this screen was opened is shown, and nobody is startled by it.
  if (fresh.length > 0 && opened) soundOnce("high");
  opened = true;
}
