// What comes a frame later: parts of a page one after another, so that none holds it up for long.
import { computed, onScopeDispose, ref, watch } from "vue";
import type { ComputedRef, Ref } from "vue";

/** When what is changed now has been drawn; at once in a page that nobody sees, where no frames come. */
export function drawn(): Promise<void> {
  return new Promise((resolve) => {
    if (document.hidden) resolve();
    else requestAnimationFrame(() => window.setTimeout(resolve));
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
  watch(of, () => void drawn().then(follow));
  return { after: computed(() => shown.value), follow };
}

/**
 * How many of `parts` are to be drawn: none when `of` has changed, then one more with each frame.
 * In a page that nobody sees no frames come, and all are drawn at once.
 */
export function useStages(of: () => unknown, parts: number): Readonly<Ref<number>> {
  const drawn = ref(0);
  let frame = 0;

  function next(): void {
    drawn.value += 1;
    if (drawn.value < parts) frame = requestAnimationFrame(next);
  }

  watch(
    of,
    () => {
      cancelAnimationFrame(frame);
      drawn.value = document.hidden ? parts : 0;
      if (!document.hidden) frame = requestAnimationFrame(next);
    },
    { immediate: true },
  );
  onScopeDispose(() => cancelAnimationFrame(frame));
  return drawn;
}
