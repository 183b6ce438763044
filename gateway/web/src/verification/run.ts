// Follows one run while it goes on: asks, and the gateway answers as soon as there is news.
import { onScopeDispose, ref, shallowRef, watch } from "vue";
import { get, path } from "@/api/client";
import type { Verification } from "@/api/types";
import { patience } from "@/stream/resume";

const WAIT_S = 20;
const TIMEOUT_MS = 30_000;

/** The run of the id that `which` names; `lost` while the gateway cannot be asked. */
export function useRun(which: () => string | null) {
  const run = shallowRef<Verification | null>(null);
  const problem = shallowRef<unknown>(null);
  const lost = ref(false);
  let turn = 0;
  let rest: (() => void) | null = null;

  const pause = (ms: number) =>
    new Promise<void>((resume) => {
      rest = resume;
      window.setTimeout(resume, ms);
    });

  async function follow(id: string): Promise<void> {
    const mine = ++turn;
    let attempts = 0;
    while (mine === turn) {
      const version = run.value?.id === id ? run.value.version : 0;
      try {
        // After a gap an answer at once, so that the page knows again where it stands.
        const query = version === 0 || lost.value ? {} : { version, wait_s: WAIT_S };
        const heard = await get<Verification>(path("verifications", id), query, TIMEOUT_MS);
        if (mine !== turn) return;
        take(heard);
        attempts = 0;
        problem.value = null;
        lost.value = false;
        if (heard.ended !== null) return;
      } catch (why) {
        if (mine !== turn) return;
        problem.value = why;
        lost.value = true;
        await pause(patience(attempts++, Math.random()));
      }
    }
  }

  /** An answer from elsewhere, as of a confirmation; an older one changes nothing. */
  function take(heard: Verification): void {
    const before = run.value;
    if (before?.id === heard.id && before.version >= heard.version) return;
    run.value = heard;
  }

  watch(
    which,
    (id) => {
      turn += 1;
      if (id === null) run.value = null;
      else {
        if (run.value?.id !== id) run.value = null;
        void follow(id);
      }
    },
    { immediate: true },
  );
  const back = () => rest?.();
  window.addEventListener("online", back);
  onScopeDispose(() => {
    turn += 1;
    window.removeEventListener("online", back);
  });

  return { run, problem, lost, take };
}
