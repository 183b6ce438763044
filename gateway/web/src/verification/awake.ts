// A phone in one hand, the other at the alarm button: the screen stays on while a test runs. So does
// the screen on the wall, always.
import { onScopeDispose, readonly, ref, watch } from "vue";
import type { Ref } from "vue";

/** Hold the screen on while `wanted`; one that cannot do so goes dark as usual. Tells whether it is
 * held on. */
export function useScreenOn(wanted: () => boolean): Readonly<Ref<boolean>> {
  const on = ref(false);
  let held: WakeLockSentinel | null = null;

  async function hold(): Promise<void> {
    // Missing without https, refused when the battery is low: the test works without it.
    const lock = (navigator as { wakeLock?: WakeLock }).wakeLock;
    if (!wanted() || document.hidden || (held !== null && !held.released)) return;
    held = (await lock?.request("screen").catch(() => null)) ?? null;
    on.value = held !== null;
    held?.addEventListener("release", () => (on.value = false));
    if (!wanted()) release();
  }

  function release(): void {
    void held?.release();
    held = null;
  }

  const seen = () => void hold(); // the system takes the lock away from a hidden page
  watch(wanted, (now) => (now ? void hold() : release()), { immediate: true });
  document.addEventListener("visibilitychange", seen);
  onScopeDispose(() => {
    document.removeEventListener("visibilitychange", seen);
    release();
  });
  return readonly(on);
}

/** A short shake, where the phone has one: look here. */
export function shake(): void {
  if ("vibrate" in navigator) navigator.vibrate([180, 90, 180]);
}
