// Something that somebody has asked for: under way, done, or refused with the reason.
import { ref, shallowRef } from "vue";

/** `problem` is why the last attempt came to nothing; the next one forgets it. */
export function useAttempt() {
  const busy = ref(false);
  const problem = shallowRef<unknown>(null);

  async function attempt(act: () => Promise<void>): Promise<void> {
    busy.value = true;
    problem.value = null;
    try {
      await act();
    } catch (why) {
      problem.value = why;
    } finally {
      busy.value = false;
    }
  }

  return { busy, problem, attempt };
}
