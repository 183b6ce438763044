// The filter of this screen: in the address, so that it can be sent and bookmarked; kept while
// somebody is in another room; not kept for the next person who opens the page.
import { computed, shallowRef, watch } from "vue";
import { useRoute, useRouter } from "vue-router";
import type { Alert } from "@/api/types";
import { alerts } from "@/alerts/book";
import { EVERYTHING, filterOf, listed, queryOf } from "@/alerts/filter";
import type { Filter } from "@/alerts/filter";
import { GROUPINGS, keysBy } from "@/alerts/grouping";
import { chosen, chosenSchools } from "@/register/register";
import { floods } from "@/stream/stream";
import { language, named } from "@/words/words";

/** All but the scope, which the header shares with other rooms. */
const kept = shallowRef<Filter>(EVERYTHING);

/** What a search looks at, by alert: made once for each version that is listed. */
let texts = new WeakMap<Alert, string>();
watch(language, () => (texts = new WeakMap()));

function textOf(alert: Alert): string {
  let text = texts.get(alert);
  if (text === undefined) {
    const parts = [
      named(alert.device.name),
      alert.device.id,
      named(alert.school_name),
      named(alert.place),
      named(alert.explanation.text),
      alert.condition,
    ];
    texts.set(alert, (text = parts.join(" ").toLowerCase()));
  }
  return text;
}

export function useFilter() {
  const route = useRoute();
  const router = useRouter();
  const filter = computed<Filter>(() => ({ ...kept.value, scope: chosen.value }));

  function change(wanted: Partial<Filter>): void {
    const next = { ...filter.value, ...wanted };
    kept.value = next;
    chosen.value = next.scope;
  }

  /** The filter in one word: the same as long as it asks for the same. */
  const asked = computed(() => JSON.stringify(queryOf(filter.value)));

  const isHere = () => route.name === "alerts" || route.name === "alert";
  const same = (a: Filter, b: Filter) => JSON.stringify(queryOf(a)) === JSON.stringify(queryOf(b));

  // An address that asks for something is obeyed; one that asks for nothing is a way back to the
  // list, and the list is as it was left.
  watch(
    () => route.query,
    (query) => {
      if (!isHere()) return;
      const asked = filterOf(query);
      if (!same(asked, EVERYTHING)) change(asked);
      else if (!same(filter.value, EVERYTHING)) write(filter.value);
    },
    { immediate: true },
  );

  function write(wanted: Filter): void {
    if (isHere() && !same(wanted, filterOf(route.query)))
      void router.replace({ query: queryOf(wanted), params: route.params });
  }
  watch(filter, write);

  function regroup(): void {
    const at = GROUPINGS.indexOf(filter.value.group);
    change({ group: GROUPINGS[(at + 1) % GROUPINGS.length] ?? "none" });
  }

  const list = computed(() => listed(alerts.value, filter.value, chosenSchools.value, textOf));
  const visible = computed(() => list.value.visible);
  const hidden = computed(() => list.value.hidden);
  const outside = computed(() => list.value.outside);

  /** Floods begin and end rarely, and come anew with each sign of life. */
  const flooded = computed<typeof floods.value>((last) => {
    const next = floods.value;
    const name = (all: typeof next) => all.map((one) => `${one.school} ${one.since}`).join();
    return last !== undefined && name(last) === name(next) ? last : next;
  });
  const keyOf = computed(() => keysBy(filter.value.group, flooded.value));

  return { filter, asked, change, regroup, visible, hidden, outside, keyOf };
}
