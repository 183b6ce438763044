// The open alerts this screen knows: loaded once, then kept by the stream.
import { computed, ref, shallowRef, triggerRef } from "vue";
import { get } from "@/api/client";
import type { Alert, Page, StreamEntry } from "@/api/types";
import { pressing } from "@/alerts/ordering";

const PAGE = 500;
/** More open alerts than anybody can work through; the counts in the header hold all. */
const MOST = 3000;

const book = shallowRef(new Map<number, Alert>());

export const alerts = computed(() => book.value);
export const loading = ref(true);
export const trouble = shallowRef<unknown>(null);
export const more = ref(false);
/** Emergencies that nobody has acknowledged. */
export const emergencies = computed(() => [...book.value.values()].filter(pressing));

/** When each alert first came to this screen, for the mark of new ones. */
const arrivals = new Map<number, number>();
export const arrivedAt = (id: number): number | undefined => arrivals.get(id);

/** Whether an alert changes what is known: versions only grow. */
function newer(alert: Alert): boolean {
  const known = book.value.get(alert.id);
  return known === undefined || alert.version > known.version;
}

/** Take in one alert, e.g. the answer to an action. */
export function take(alert: Alert): void {
  if (!newer(alert)) return;
  book.value.set(alert.id, alert);
  triggerRef(book);
}

/** Take in what the stream brought. Closed ones stay until `forget`: their rows may be held. */
export function fold(entries: readonly StreamEntry[], now: number): void {
  for (const { alert } of entries) {
    if (!newer(alert)) continue;
    if (!book.value.has(alert.id)) {
      if (alert.state === "closed") continue;
      arrivals.set(alert.id, now);
    }
    book.value.set(alert.id, alert);
  }
  triggerRef(book);
}

/** Let go of the alerts that are closed. */
export function forget(): void {
  let changed = false;
  for (const [id, alert] of book.value)
    if (alert.state === "closed") {
      arrivals.delete(id);
      changed = book.value.delete(id) || changed;
    }
  if (changed) triggerRef(book);
}

/** Load all open alerts anew; those the stream brought meanwhile are kept if newer. */
export async function load(): Promise<void> {
  try {
    const found = new Map<number, Alert>();
    let cursor: string | null = null;
    do {
      const page: Page<Alert> = await get("/alerts", { state: "open", limit: PAGE, cursor });
      for (const alert of page.items) found.set(alert.id, alert);
      cursor = page.next ?? null;
    } while (cursor !== null && found.size < MOST);
    more.value = cursor !== null;
    for (const alert of book.value.values())
      if (alert.version > (found.get(alert.id)?.version ?? (more.value ? 0 : alert.version)))
        found.set(alert.id, alert);
    book.value = found;
    trouble.value = null;
  } catch (problem) {
    trouble.value = problem;
  } finally {
    loading.value = false;
  }
}
