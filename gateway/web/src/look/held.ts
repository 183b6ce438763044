// The rows of a list on screen: they hold still while somebody is over them, and a row that changes
// its place keeps the focus.
import { computed, onBeforeUpdate, onUpdated, ref, shallowRef, watch } from "vue";
import type { Ref } from "vue";
import { stood } from "@/look/standing";
import { here } from "@/stream/stream";

/** After a movement over the rows they stand still for so long. */
const HOLD_MS = 4_000;

/**
 * `rows` of the page that is `shown` where they are to be drawn. `list` is the element around them;
 * each row in it that can have the focus tells its `key` as the data `attribute`.
 */
export function useHeld<Row>(
  shown: Ref<{ items: Row[]; asked: string } | null>,
  key: (row: Row) => string,
  attribute: string,
  list: Readonly<Ref<HTMLElement | null>>,
) {
  const heldUntil = ref(0);
  const holding = computed(() => here.value < heldUntil.value);
  const hold = () => (heldUntil.value = here.value + HOLD_MS);
  const release = () => (heldUntil.value = 0);
  const rows = shallowRef<readonly Row[]>([]);
  watch([shown, holding], ([page], [last]) => {
    const held = holding.value && page?.asked === last?.asked;
    rows.value = stood(rows.value, page?.items ?? [], held, key);
  });

  // A row that changes its place loses the focus on the way: it is given back.
  let focused: string | undefined;
  onBeforeUpdate(() => {
    const on = document.activeElement;
    focused = on instanceof HTMLElement && list.value?.contains(on) ? on.dataset[attribute] : undefined;
  });
  onUpdated(() => {
    if (focused === undefined || document.activeElement !== document.body) return;
    const again = list.value?.querySelector<HTMLElement>(`[data-${attribute}="${CSS.escape(focused)}"]`);
    again?.focus({ preventScroll: true });
  });

  return { rows, hold, release };
}
