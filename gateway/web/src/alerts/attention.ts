// What the operator looks at: the arranged list, held still while somebody acts, and the one alert
// in the detail.
import { computed, onScopeDispose, ref, shallowRef, watch } from "vue";
import type { ComputedRef } from "vue";
import { useRoute, useRouter } from "vue-router";
import type { Alert } from "@/api/types";
import { forget } from "@/alerts/book";
import { EMPTY, held, SECTIONS, sorted } from "@/alerts/ordering";
import type { Layout, Section } from "@/alerts/ordering";
import { here } from "@/stream/stream";

/** After a movement over the list or a key, its rows stand still for so long. */
export const HOLD_MS = 4_000;
/** Whoever has touched nothing for so long sees the most urgent alert again. */
const IDLE_MS = 90_000;
/** What came into view by itself takes no key for so long: the key was meant for another. */
const UNSEEN_MS = 400;

export function useAttention(
  visible: ComputedRef<ReadonlyMap<number, Alert>>,
  acting: ComputedRef<boolean>,
) {
  const route = useRoute();
  const router = useRouter();
  const layout = shallowRef<Layout>(EMPTY);
  const open = ref(new Set<Section>(["unacknowledged", "acknowledged"]));
  const heldUntil = ref(0);
  let touched = Date.now();

  const chosen = computed(() => (route.params.id === undefined ? null : Number(route.params.id)));
  const selected = computed(() => chosen.value ?? layout.value.unacknowledged[0] ?? null);
  const holding = computed(() => acting.value || here.value < heldUntil.value);

  function arrange(): void {
    layout.value = sorted(visible.value.values());
    forget();
  }

  watch(
    [visible, holding],
    () => {
      if (holding.value) layout.value = held(layout.value, visible.value);
      else arrange();
    },
    { immediate: true },
  );

  /** Somebody acts on the list: hold it still. */
  function touch(ms = HOLD_MS): void {
    touched = Date.now();
    heldUntil.value = Math.max(heldUntil.value, touched + ms);
  }

  /** Let waiting alerts in now. */
  function release(): void {
    heldUntil.value = 0;
    arrange();
  }

  function choose(id: number | null, keepHistory = false): void {
    touch();
    const to = id === null ? { name: "alerts" } : { name: "alert", params: { id } };
    void (keepHistory ? router.push(to) : router.replace(to));
  }

  /** The alert `steps` rows further down, counting only open sections. */
  function step(steps: number): void {
    const rows = SECTIONS.flatMap((section) =>
      open.value.has(section) ? layout.value[section] : [],
    );
    if (rows.length === 0) return;
    const at = selected.value === null ? -1 : rows.indexOf(selected.value);
    const next = rows[Math.min(rows.length - 1, Math.max(0, at + steps))];
    if (next !== undefined) choose(next);
  }

  const shownSince = ref(0);
  watch(selected, () => (shownSince.value = Date.now()), { flush: "sync" });
  /** Whether the alert in view came there by itself just now: keys wait. */
  const settling = computed(
    () => chosen.value === null && here.value - shownSince.value < UNSEEN_MS,
  );

  const idle = window.setInterval(() => {
    const wide = window.matchMedia("(min-width: 721px)").matches;
    if (wide && !acting.value && chosen.value !== null && Date.now() - touched > IDLE_MS)
      choose(null);
  }, 5_000);
  onScopeDispose(() => window.clearInterval(idle));

  return { layout, open, selected, chosen, holding, settling, touch, release, choose, step };
}
