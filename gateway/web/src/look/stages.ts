// What comes a frame later: parts of a page one after another, so that none holds it up for long.
import { computed, onScopeDispose, ref, watch } from "vue";
import type { ComputedRef, Ref } from "vue";

const waiting: (() => void)[] = [];

function frame(): void {
  window.setTimeout(() => {
    waiting.shift()?.();
    if (waiting.length > 0) requestAnimationFrame(frame);
  });
}

/**
 * When what is changed now has been drawn; at once in a page that nobody sees, where no frames come.
 *
 * Who waits goes on in turn, one with each frame: what is put off because it takes long must not
 * meet in one frame what was put off beside it.
 */
export function drawn(): Promise<void> {
  return new Promise((resolve) => {
    if (document.hidden) resolve();
    else if (waiting.push(resolve) === 1) requestAnimationFrame(frame);
  });
}

/**
 * What `of` was when the last frame was drawn, for what costs more to draw than the rest that
 * follows it; `follow` takes it over at once.
 */
export function useDrawnAfter(of: Readonly<Ref<number | null>>): {
  after: ComputedRef<number | null>;
  follow: () => void;
} {
  const shown = ref(of.value);
  const follow = () => {
    shown.value = of.value;
  };
  // Sooner than whatever else the change sets off.
  watch(of, () => void drawn().then(follow), { flush: "sync" });
  return { after: computed(() => shown.value), follow };
}

/**
 * How many of `parts` are to be drawn: none when `of` has changed, then one more with each frame.
 * In a page that nobody sees no frames come, and all are drawn at once.
 */
export function useStages(of: () => unknown, parts: number): Readonly<Ref<number>> {
  const stage = ref(0);
  let round = 0;

  async function go(mine: number): Promise<void> {
    while (stage.value < parts) {
      await drawn();
      if (round !== mine) return; // it has changed since, or nobody looks any more
      stage.value += 1;
    }
  }

  watch(
    of,
    () => {
      round += 1;
      stage.value = document.hidden ? parts : 0;
      void go(round);
    },
    { immediate: true },
  );
  onScopeDispose(() => (round += 1));
  return stage;
}
