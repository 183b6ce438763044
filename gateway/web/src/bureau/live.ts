// Answers about coverage: of now, brought up to date as soon as a verdict has changed; of a past
// instant, kept.
import { computed, onScopeDispose, ref, shallowRef, watch } from "vue";
import type { Ref, ShallowRef } from "vue";
import { address, get } from "@/api/client";
import { Kept } from "@/bureau/kept";
import { here, standing } from "@/stream/stream";

/** How often the gateway is asked whether anything has changed: what has is on the page within a
 * second. The answer is one number. */
const LOOK_MS = 400;
/** Without a change: names and figures that no verdict hangs on. */
const EVERY_MS = 30_000;
/** What could not be asked about for so long is old. */
const OLD_MS = 15_000;
const MOST_KEPT = 120;

type Query = Record<string, string | number | boolean | null | undefined>;
/** What is asked, and whether about a past instant: then the answer will always be the same. */
export type Question = { path: string; query: Query; past: boolean };

const kept = new Kept<unknown>(MOST_KEPT);

export type Pulse = { readonly count: Readonly<Ref<number>>; readonly old: Readonly<Ref<boolean>>; readonly heard: Readonly<Ref<number>> };

/** Counts up with each change of a verdict while `live`. */
export function usePulse(live: () => boolean): Pulse {
  const count = ref(0);
  const heard = ref(Date.now());
  let last: number | null = null;
  let asking = false;
  let asked = 0;

  async function look(): Promise<void> {
    asking = true;
    asked = Date.now();
    try {
      const { changed } = await get<{ changed: number }>("/coverage/changed");
      heard.value = Date.now();
      if (last !== null && changed !== last) count.value += 1;
      last = changed;
    } catch {
      // Said by what is shown once it is old; the next look comes at once.
    } finally {
      asking = false;
    }
  }

  const stop = watch(here, (tick) => {
    if (!asking && !document.hidden && live() && tick - asked >= LOOK_MS) void look();
  });
  // Whoever comes back to the page, or to now, sees what has changed meanwhile.
  watch(live, (is) => {
    if (is) heard.value = Date.now();
  });
  onScopeDispose(stop);
  const old = computed(() => live() && here.value - heard.value > OLD_MS);
  return { count, old, heard };
}

/**
 * The answer to `question`. A change of it keeps the last answer in sight until the new one is
 * there (`turning`), so that a slider does not make the page flicker; an older answer never takes
 * the place of a newer one. Of now it is asked again with each beat of the pulse, but one question
 * at a time and no two within `leastMs`: what takes the gateway long is not asked for all along.
 */
export function useAnswer<Answer>(question: () => Question, pulse: Pulse, leastMs = 0) {
  const shown: ShallowRef<Answer | null> = shallowRef(null);
  const problem = shallowRef<unknown>(null);
  const turning = ref(false);
  let latest = 0;
  let asked = 0;
  let asking = false;
  let due = false;

  async function load(): Promise<void> {
    const { path, query, past } = question();
    const key = address(path, query);
    const mine = ++latest;
    due = false;
    asked = Date.now();
    const found = past ? (kept.get(key) as Answer | undefined) : undefined;
    if (found !== undefined) {
      shown.value = found;
      problem.value = null;
      turning.value = false;
      asking = false; // what is under way is answered to nobody
      return;
    }
    asking = true;
    try {
      const answer = await get<Answer>(path, query);
      if (past) kept.put(key, answer);
      if (mine !== latest) return;
      shown.value = answer;
      problem.value = null;
    } catch (why) {
      if (mine === latest) problem.value = why;
    } finally {
      if (mine === latest) {
        asking = false;
        turning.value = false;
        refresh();
      }
    }
  }

  /** Asks again if something has changed since, or if it is long ago; what is past stays. */
  function refresh(): void {
    if (asking || document.hidden || question().past) return;
    const since = Date.now() - asked;
    if (since > EVERY_MS || (due && since >= leastMs)) void load();
  }

  function soon(): void {
    due = true;
    refresh();
  }

  watch(
    () => JSON.stringify(question()),
    () => {
      turning.value = true;
      void load();
    },
    { immediate: true },
  );
  watch(pulse.count, soon);
  watch(standing, (value) => {
    if (value === "live") soon();
  });
  watch(here, refresh);
  onScopeDispose(() => (latest += 1));

  return { shown, problem, turning, load };
}
