// Doing something to one alert: what is allowed, what is asked first, and what came of it.
import { computed, onScopeDispose, ref, shallowRef, watch } from "vue";
import type { ComputedRef } from "vue";
import { get, path, post, Problem } from "@/api/client";
import type { Acted, Action, ActionName, Alert, AlertDetail } from "@/api/types";
import { alerts, take } from "@/alerts/book";
import { unacknowledged } from "@/alerts/ordering";
import { may } from "@/session/session";

/** The next sensible act, the most urgent first; it has the largest control and the Enter key. */
const SENSIBLE: readonly ActionName[] = ["acknowledge", "confirm_false", "reset"];
/** Acts that need no word of explanation and hide nothing. */
const AT_ONCE: readonly ActionName[] = ["acknowledge", "unshelve"];

/** Acknowledging is known from the alert itself; what the plan asks for has a place of its own. */
const APART: ReadonlySet<AlertDetail["may"][number]> = new Set(["acknowledge", "tick", "tell"]);

/** In a flood the newest alert comes into view several times a second. Of those that nobody has
 * chosen the gateway is asked about one in so long: nobody reads faster, and a new alarm must not
 * wait behind the answers. */
const BY_ITSELF_MS = 1_000;
/** A key that is held down goes through thirty alerts a second: of those one in so long. */
const CHOSEN_MS = 200;

export type Acting = ReturnType<typeof useActing>;

/** `chosen` says whether a person chose the alert, rather than that it came into view by itself. */
export function useActing(id: ComputedRef<number | null>, chosen: ComputedRef<boolean>) {
  const detail = shallowRef<AlertDetail | null>(null);
  const problem = shallowRef<unknown>(null);
  const refusal = shallowRef<unknown>(null);
  const asking = ref<ActionName | null>(null);
  const sending = ref(false);

  const alert = computed<Alert | null>(() => {
    if (id.value === null) return null;
    const known = alerts.value.get(id.value);
    const loaded = detail.value?.alert.id === id.value ? detail.value.alert : undefined;
    return (known?.version ?? 0) >= (loaded?.version ?? 0) ? (known ?? null) : (loaded ?? null);
  });

  /** What this person may do now. Acknowledging is known before the gateway has answered. */
  const allowed = computed<readonly ActionName[]>(() => {
    const one = alert.value;
    if (one === null) return [];
    const said = detail.value?.alert.id === one.id ? detail.value.may : [];
    const known = may("actOnAlerts") && unacknowledged(one);
    const others = said.filter((name): name is ActionName => !APART.has(name));
    return known ? ["acknowledge", ...others] : others;
  });
  const sensible = computed(() => SENSIBLE.find((name) => allowed.value.includes(name)) ?? null);

  async function load(): Promise<void> {
    const wanted = id.value;
    if (wanted === null) return;
    try {
      const found = await get<AlertDetail>(path("alerts", wanted));
      if (id.value !== wanted) return;
      detail.value = found;
      problem.value = null;
      if (alerts.value.has(wanted)) take(found.alert);
    } catch (why) {
      if (id.value === wanted) problem.value = why;
    }
  }

  watch(id, () => {
    detail.value = null;
    problem.value = null;
    refusal.value = null;
    asking.value = null;
  }, { flush: "sync" }); // before what a key begins in the same moment

  /** Which version of the alert in view the gateway was asked about; null before it is. */
  const asked = shallowRef<{ id: number; version: number } | null>(null);
  let askedAt = 0;
  let later: number | undefined;
  let painted: number | undefined;

  /** What else is asked about it, and shown of it, comes when its head has been painted: on a slow
   * machine all in one frame would hold up the next key. */
  function ask(): void {
    askedAt = Date.now();
    const one = alert.value;
    if (one === null || detail.value?.alert.version !== one.version) void load();
    if (one === null) return;
    painted = window.requestAnimationFrame(() => {
      later = window.setTimeout(() => (asked.value = { id: one.id, version: one.version }));
    });
  }

  function forget(): void {
    window.clearTimeout(later);
    if (painted !== undefined) window.cancelAnimationFrame(painted);
  }

  watch(
    [id, () => alert.value?.version, chosen],
    () => {
      forget();
      const wait = askedAt + (chosen.value ? CHOSEN_MS : BY_ITSELF_MS) - Date.now();
      if (wait > 0) later = window.setTimeout(ask, wait);
      else ask();
    },
    { immediate: true },
  );
  onScopeDispose(forget);

  /** Do it; throws why it was not done. */
  async function act(action: Action): Promise<void> {
    const one = alert.value;
    if (one === null || sending.value) return;
    sending.value = true;
    refusal.value = null;
    try {
      const done = await post<Acted>(path("alerts", one.id, "actions"), action);
      take(done.alert);
      asking.value = null;
    } catch (why) {
      if (asking.value === null) refusal.value = why; // no dialog says it, or it was closed meanwhile
      // Somebody else was first, or it happened again: what is shown is no longer so.
      if (why instanceof Problem && why.status === 409) await load();
      throw why;
    } finally {
      sending.value = false;
    }
  }

  /** Do it at once, or ask for what it needs. */
  function begin(name: ActionName): void {
    const one = alert.value;
    if (one === null || !allowed.value.includes(name)) return;
    refusal.value = null;
    if (!AT_ONCE.includes(name)) asking.value = name;
    // How often it has happened goes along: nobody acknowledges a press they have not seen.
    else
      act(
        name === "acknowledge"
          ? { action: "acknowledge", occurrences: one.occurrences }
          : { action: "unshelve" },
      ).catch(() => undefined); // it is in `refusal`
  }

  function leave(): void {
    asking.value = null;
    refusal.value = null;
  }

  return { alert, asked, detail, problem, refusal, asking, sending, allowed, sensible, load, act, begin, leave };
}
