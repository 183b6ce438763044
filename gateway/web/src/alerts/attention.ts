// What the operator looks at: the arranged list, held still while somebody acts, the one alert in
// the detail, and those chosen to be acted on together.
import { computed, onScopeDispose, ref, shallowRef, watch } from "vue";
import type { ComputedRef } from "vue";
import { useRoute, useRouter } from "vue-router";
import type { Alert } from "@/api/types";
import { emergencies, forget } from "@/alerts/book";
import { inView, NOTHING_IN_VIEW } from "@/alerts/dwelling";
import { EMPTY, foremost, held, SECTIONS, sorted } from "@/alerts/ordering";
import type { KeyOf, Layout, Section } from "@/alerts/ordering";
import { NO_PICKS, stillThere, stretched, toggled, withAll } from "@/alerts/picking";
import { foldKey } from "@/alerts/sheet";
import { drawn } from "@/look/stages";
import { here } from "@/stream/stream";

/** After a movement over the list or a key, its rows stand still for so long. */
export const HOLD_MS = 4_000;
/** Whoever has touched nothing for so long sees the most urgent alert again. */
const IDLE_MS = 90_000;
/** Closed alerts are let go of so often: each time, the list is arranged once more. */
const FORGET_MS = 5_000;
/** What came into view by itself takes no key for so long: the key was meant for another. */
const UNSEEN_MS = 400;

type Sight = {
  readonly visible: ComputedRef<ReadonlyMap<number, Alert>>;
  readonly keyOf: ComputedRef<KeyOf>;
  /** What a person asks to see: when it changes they want to see it, whatever is held. */
  readonly asked: ComputedRef<string>;
  readonly acting: ComputedRef<boolean>;
};

export function useAttention({ visible, keyOf, asked, acting }: Sight) {
  const route = useRoute();
  const router = useRouter();
  const layout = shallowRef<Layout>(EMPTY);
  const open = ref(new Set<Section>(["unacknowledged", "acknowledged"]));
  const folded = ref(new Set<string>());
  const picks = shallowRef(NO_PICKS);
  const heldUntil = ref(0);
  const touched = ref(Date.now());
  let forgotten = 0;

  /** What a person chose, until the address says so: a browser takes longer to write that than the
   * page to show the alert. */
  const choosing = shallowRef<{ readonly id: number | null } | null>(null);
  const chosen = computed(() => {
    if (choosing.value !== null) return choosing.value.id;
    return route.params.id === undefined ? null : Number(route.params.id);
  });
  watch(() => route.fullPath, () => (choosing.value = null), { flush: "sync" });
  const shown = shallowRef(NOTHING_IN_VIEW);
  const selected = computed(() => chosen.value ?? shown.value.id);
  /** A choice of several is being made; one that was forgotten holds the list no longer. */
  const picking = computed(
    () => picks.value.ids.size > 0 && here.value - touched.value < IDLE_MS,
  );
  const holding = computed(
    () => acting.value || picking.value || here.value < heldUntil.value,
  );
  /** The alerts of open sections and groups, from above to below. */
  const rows = computed(() =>
    SECTIONS.filter((section) => open.value.has(section)).flatMap((section) =>
      layout.value[section].flatMap((group) =>
        folded.value.has(foldKey(section, group)) ? [] : group.ids,
      ),
    ),
  );

  function arrange(): void {
    layout.value = sorted(visible.value, keyOf.value, layout.value);
    if (Date.now() - forgotten < FORGET_MS) return;
    forgotten = Date.now();
    forget();
  }

  function keepUp(): void {
    if (holding.value) layout.value = held(layout.value, visible.value);
    else arrange();
    picks.value = stillThere(picks.value, listed);
  }

  /** What changed in the rows is drawn first, and then where they stand: on a slow machine the two
   * in one frame would hold up the next key. An emergency does not wait. */
  let owing = false;
  async function keepUpSoon(): Promise<void> {
    if (owing) return;
    owing = true;
    await drawn();
    owing = false;
    keepUp();
  }
  watch([visible, keyOf, holding], keepUpSoon);
  watch(emergencies, keepUp);
  watch(
    asked,
    () => {
      arrange();
      picks.value = stillThere(picks.value, listed);
    },
    { immediate: true },
  );

  watch(
    [layout, here],
    () => {
      if (holding.value && shown.value.id !== null) return; // somebody acts on what is in view
      const first = visible.value.get(foremost(layout.value) ?? -1);
      const last = visible.value.get(shown.value.id ?? -1);
      shown.value = inView(shown.value, first, last, Date.now());
    },
    { immediate: true },
  );

  /** Whether an alert is listed and open. */
  function listed(id: number): boolean {
    const state = visible.value.get(id)?.state;
    return state !== undefined && state !== "closed";
  }

  /** Somebody acts on the list: hold it still. */
  function touch(ms = HOLD_MS): void {
    touched.value = Date.now();
    heldUntil.value = Math.max(heldUntil.value, touched.value + ms);
  }

  /** Let waiting alerts in now. */
  function release(): void {
    heldUntil.value = 0;
    arrange();
  }

  function choose(id: number | null, keepHistory = false): void {
    touch();
    const { query } = route; // what is filtered stays so
    const to = id === null ? { name: "alerts", query } : { name: "alert", params: { id }, query };
    const mine = { id };
    choosing.value = mine;
    void drawn().then(async () => {
      if (choosing.value !== mine) return; // another was chosen, or the address has changed, since
      await (keepHistory ? router.push(to) : router.replace(to));
      if (choosing.value === mine) choosing.value = null;
    });
  }

  /** The alert `steps` rows further down, counting only what is not folded away. */
  function further(steps: number): number | undefined {
    const all = rows.value;
    const at = selected.value === null ? -1 : all.indexOf(selected.value);
    return all[Math.min(all.length - 1, Math.max(0, at + steps))];
  }

  function step(steps: number): void {
    const next = further(steps);
    if (next !== undefined) choose(next);
  }

  /** Choose one more to act on, or let it go; without a number the one looked at. */
  function pick(id: number | null = selected.value): void {
    touch();
    if (id !== null && listed(id)) picks.value = toggled(picks.value, id);
  }

  /** Choose all between the one looked at and another, and look at that. */
  function stretch(to: number | undefined): void {
    if (to === undefined || selected.value === null) return;
    const next = stretched(picks.value, rows.value, selected.value, to);
    picks.value = stillThere(next, listed);
    choose(to);
  }

  /** Choose these as well, or let them go. */
  function pickAll(ids: readonly number[] = rows.value): void {
    touch();
    picks.value = stillThere(withAll(picks.value, ids), listed);
  }

  function clear(done: (id: number) => boolean = () => true): void {
    picks.value = stillThere({ ...picks.value, anchor: null }, (id) => !done(id));
  }

  /** Fold away the group of the one looked at, or unfold it. */
  function fold(away: boolean): void {
    const id = selected.value;
    const section = id === null ? undefined : layout.value.placed.get(id);
    if (id === null || section === undefined) return;
    const group = layout.value[section].find(({ ids }) => ids.includes(id));
    if (group === undefined || group.key === "") return;
    const next = new Set(folded.value);
    if (away) next.add(foldKey(section, group));
    else next.delete(foldKey(section, group));
    folded.value = next;
  }

  const shownSince = ref(0);
  watch(selected, () => (shownSince.value = Date.now()), { flush: "sync" });
  /** Whether the alert in view came there by itself just now: keys wait. */
  const settling = computed(
    () => chosen.value === null && here.value - shownSince.value < UNSEEN_MS,
  );

  const idle = window.setInterval(() => {
    const wide = window.matchMedia("(min-width: 721px)").matches;
    if (wide && !acting.value && chosen.value !== null && Date.now() - touched.value > IDLE_MS)
      choose(null);
  }, 5_000);
  onScopeDispose(() => window.clearInterval(idle));

  return {
    layout,
    open,
    folded,
    rows,
    selected,
    chosen,
    settling,
    picks,
    touch,
    release,
    choose,
    step,
    further,
    pick,
    stretch,
    pickAll,
    clear,
    fold,
  };
}
