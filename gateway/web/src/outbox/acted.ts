// A thing that people act on from its page: shown as it is now, asked about one act at a time, and
// what is still on this device of what was done to it.
import { computed, onScopeDispose, ref } from "vue";
import type { Ref } from "vue";
import { get } from "@/api/client";
import { useShown } from "@/look/shown";
import { onSent, outbox } from "@/outbox/outbox";
import type { Delivered } from "@/outbox/queue";

/** `where` is its address, `lane` the one of its acts in the outbox. */
export function useActed<Thing, Name extends string>(
  where: () => string,
  lane: () => string,
  everyMs: number,
) {
  const { shown, problem, load } = useShown(where, () => get<Thing>(where()), everyMs);
  const asking = ref(null) as Ref<Name | null>;
  const waiting = computed(
    () => outbox.value.filter((one) => one.lane === lane() && one.state === "waiting").length,
  );

  /** What was queued on this device has gone out: look at what came of it. */
  const stop = onSent((one) => {
    if (one.lane === lane()) void load();
  });
  onScopeDispose(stop);

  /** The act that was asked about is sent, or kept to be sent. */
  function sent(delivered: Delivered): void {
    asking.value = null;
    if (delivered.state === "sent") void load();
  }

  return { shown, problem, load, asking, waiting, sent };
}
