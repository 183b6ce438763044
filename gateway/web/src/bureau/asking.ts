// What the pages of the bureau are asked for: policy, item and instant, kept in the address, so that
// a page can be sent to somebody and shows them the same.
import { computed, onScopeDispose, ref, watch } from "vue";
import { useRoute, useRouter } from "vue-router";
import { ofAddress } from "@/bureau/asof";

/** Of all policies the one to begin with. */
export const FIRST_POLICY = "six-100";
/** A slider that is drawn along asks for where it comes to rest, not for each day on the way. */
const SETTLE_MS = 200;

const word = (value: unknown) => (typeof value === "string" ? value : "");

/** Of what could be asked for, that which is. */
export const given = (asked: Record<string, string | number | null | undefined>): Record<string, string | number> =>
  Object.fromEntries(
    Object.entries(asked).filter((one): one is [string, string | number] => one[1] !== null && one[1] !== undefined && one[1] !== ""),
  );

export function useAsking() {
  const route = useRoute();
  const router = useRouter();

  /** Empty values leave the address. */
  function put(changes: Record<string, string>): void {
    const query = { ...route.query, ...changes };
    const said = Object.fromEntries(Object.entries(query).filter(([, value]) => value !== ""));
    void router.replace({ query: said });
  }

  const policy = computed({
    get: () => word(route.query.policy) || FIRST_POLICY,
    set: (wanted) => put({ policy: wanted === FIRST_POLICY ? "" : wanted, item: "" }),
  });
  /** One item of it; empty for all of them. */
  const item = computed({
    get: () => word(route.query.item),
    set: (wanted) => put({ item: wanted }),
  });

  /** The instant that is chosen; `null` = now. */
  const wanted = ref(ofAddress(route.query.at));
  /** The instant that is asked for: the chosen one, once it stands still. */
  const at = ref(wanted.value);
  let settling: number | undefined;
  watch(wanted, (chosen) => {
    window.clearTimeout(settling);
    const settle = () => {
      at.value = chosen;
      put({ at: chosen === null ? "" : String(chosen) });
    };
    if (chosen === null) settle(); // back to now without waiting
    else settling = window.setTimeout(settle, SETTLE_MS);
  });
  // Back and forth through what the browser remembers.
  watch(
    () => ofAddress(route.query.at),
    (said) => {
      if (said !== at.value) wanted.value = said;
    },
  );
  onScopeDispose(() => window.clearTimeout(settling));

  /** To be given to another page of the bureau: the same policy at the same instant. */
  const along = computed<Record<string, string>>(() => ({
    ...(route.query.policy ? { policy: word(route.query.policy) } : {}),
    ...(route.query.at ? { at: word(route.query.at) } : {}),
  }));
  return { policy, item, wanted, at, along, put };
}
