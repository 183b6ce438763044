// The overview on this screen: asked for again when an alert changes, and every few seconds.
import { computed, onScopeDispose, ref, shallowRef, watch } from "vue";
import { alerts, emergencies } from "@/alerts/book";
import { get } from "@/api/client";
import type { Overview } from "@/api/types";
import { merged } from "@/overview/schools";
import { here, now, standing } from "@/stream/stream";

/** Without an alert: how often what devices do is asked for. */
const EVERY_MS = 5_000;
/** After an alert: soon, but several that come together are asked for once. */
const SOON_MS = 300;
const LEAST_MS = 1_000;
/** What could not be asked for anew for so long is old. */
const OLD_MS = 15_000;

/** Schools where an emergency waits, known before the figures are; the same set while it holds the
 * same schools, so that a thousand tiles are not looked at for each alert. */
export const pressing = computed<ReadonlySet<string>>((last) => {
  const found = new Set(emergencies.value.map((one) => one.school));
  return last?.size === found.size && [...found].every((id) => last.has(id)) ? last : found;
});

export function useOverview() {
  const overview = shallowRef<Overview | null>(null);
  const problem = shallowRef<unknown>(null);
  const when = ref(0);
  let asked = 0;
  let asking = false;
  let due = 0;
  let over = false;

  async function ask(): Promise<void> {
    asking = true;
    asked = Date.now();
    due = asked + EVERY_MS;
    try {
      const answer = await get<Overview>("/overview");
      if (over) return;
      overview.value = { ...answer, schools: merged(overview.value?.schools ?? [], answer.schools) };
      when.value = Date.now();
      problem.value = null;
    } catch (error) {
      problem.value = error;
    } finally {
      asking = false;
    }
  }

  function soon(): void {
    due = Math.min(due, Math.max(Date.now() + SOON_MS, asked + LEAST_MS));
  }

  // `here` ticks four times a second, also when nothing else happens.
  const stop = watch(here, (tick) => {
    if (!asking && tick >= due) void ask();
  });
  watch(alerts, soon);
  watch(standing, (value) => {
    if (value === "live") soon();
  });
  onScopeDispose(() => {
    over = true;
    stop();
  });
  void ask();

  /** Whether what is shown may be far from what is. */
  const old = computed(() => when.value > 0 && here.value - when.value > OLD_MS);
  /** When it was last brought up to date, in the gateway's time. */
  const at = computed(() => overview.value?.now ?? now.value);
  return { overview, problem, old, at, ask };
}
