// How much of the screen the bars below the room take: what is fixed above them must know.
import { onUnmounted, ref, watch } from "vue";
import type { Ref } from "vue";

/** Its height in pixels, also when a bar comes or goes: the room gives way to it. */
export function useBelow(room: Ref<HTMLElement | null | undefined>): Ref<number> {
  const below = ref(0);
  const watching = new ResizeObserver(() => {
    const bottom = room.value?.getBoundingClientRect().bottom;
    if (bottom !== undefined) below.value = Math.max(0, Math.round(window.innerHeight - bottom));
  });
  watch(
    room,
    (now, before) => {
      if (before) watching.unobserve(before);
      if (now) watching.observe(now); // null while nobody is signed in
    },
    { flush: "post" },
  );
  onUnmounted(() => watching.disconnect());
  return below;
}
