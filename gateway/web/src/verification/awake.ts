// A phone in one hand, the other at the alarm button: the screen stays on while a test runs.
import { onScopeDispose, watch } from "vue";

/** Hold the screen on while `wanted`; a phone that cannot do so goes dark as usual. */
export function useScreenOn(wanted: () => boolean): void {
  let held: WakeLockSentinel | null = null;

  async function hold(): Promise<void> {
    // Missing without https, refused when the battery is low: the test works without it.
    const lock = (navigator as { wakeLock?: WakeLock }).wakeLock;
    if (!wanted() || document.hidden || (held !== null && !held.released)) return;
    held = (await lock?.request("screen").catch(() => null)) ?? null;
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
}

/** A short shake, where the phone has one: look here. */
export function shake(): void {
  if ("vibrate" in navigator) navigator.vibrate([180, 90, 180]);
}
