// One thing that a page shows: loaded, kept up to date while somebody looks at it, and never an
// older answer in place of a newer one or under another name.
import { onScopeDispose, shallowRef, watch } from "vue";
import type { ShallowRef } from "vue";

/**
 * What `ask` answers for the thing that `which` names (its address); a change of name forgets the
 * last one. Asked again `everyMs` while `changes`. `problem`: why the last question was not
 * answered; what was loaded before stays in sight.
 */
export function useShown<Thing>(
  which: () => string,
  ask: () => Promise<Thing>,
  everyMs: number,
  changes: (shown: Thing | null) => boolean = () => true,
) {
  const shown: ShallowRef<Thing | null> = shallowRef(null);
  const problem = shallowRef<unknown>(null);
  let latest = 0;
  let asking = false;

  async function load(): Promise<void> {
    const mine = ++latest;
    asking = true;
    try {
      const found = await ask();
      if (mine === latest) take(found);
    } catch (why) {
      if (mine === latest) problem.value = why;
    } finally {
      if (mine === latest) asking = false;
    }
  }

  /** An answer from elsewhere, as of an act: newer than whatever has been asked for before. */
  function take(found: Thing): void {
    latest += 1;
    asking = false;
    shown.value = found;
    problem.value = null;
  }

  watch(
    which,
    () => {
      shown.value = null;
      problem.value = null;
      void load();
    },
    { immediate: true },
  );
  const refreshing = window.setInterval(() => {
    if (!document.hidden && !asking && changes(shown.value)) void load();
  }, everyMs);
  onScopeDispose(() => {
    latest += 1; // an answer that is under way finds nobody
    window.clearInterval(refreshing);
  });

  return { shown, problem, load, take };
}
