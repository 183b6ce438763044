// A long list a page at a time: asked for every few seconds and soon after an alert of what it
// shows has changed; what was shown stays until the answer is there.
import { computed, onScopeDispose, shallowRef, watch } from "vue";
import { alerts } from "@/alerts/book";
import { get } from "@/api/client";
import type { Page } from "@/api/types";
import { useShown } from "@/look/shown";
import { narrowed } from "@/register/register";
import { here } from "@/stream/stream";

/** Divides by two to six, eight, ten and twelve: the last row is full at nearly every width. */
export const SIZE = 120;
const EVERY_MS = 15_000;
/** After an alert: soon, but several that come together are asked for once. */
const SOON_MS = 2_000;
/** What could not be asked for anew for so long is old. */
const OLD_MS = 60_000;

/** `before`: how many stand on the pages before it; `asked`: what it answers. */
export type Leaf<Answer> = Answer & { before: number; asked: string };

/** The list at `path` of those in `state` (all when empty), of devices of the kinds that are `ours`. */
export function useLeaves<Answer extends Page<unknown>>(
  path: string,
  ours: (kind: string) => boolean,
  state: () => string,
) {
  /** Where each page before this one ended: the way back. */
  const trail = shallowRef<readonly string[]>([]);
  const when = shallowRef(0);
  const turning = shallowRef(false);
  /** Changes with each alert of our kinds and with no other: a storm of others is not asked about. */
  const ofOurs = computed(() => {
    let sum = 0;
    for (const { device, version } of alerts.value.values()) if (ours(device.kind)) sum += version;
    return sum;
  });

  async function ask(): Promise<Leaf<Answer>> {
    const before = trail.value.length * SIZE;
    const query = { ...narrowed.value, state: state(), cursor: trail.value.at(-1), limit: SIZE };
    const answer = await get<Answer>(path, query);
    when.value = Date.now();
    return { ...answer, before, asked: JSON.stringify(query) };
  }

  const { shown, problem, load } = useShown(() => path, ask, EVERY_MS);

  async function turn(to: readonly string[]): Promise<void> {
    trail.value = to;
    turning.value = true;
    await load();
    turning.value = false;
  }

  const forth = async () => {
    const next = shown.value?.next;
    if (next) await turn([...trail.value, next]);
  };
  const back = () => turn(trail.value.slice(0, -1));
  const first = () => turn([]);

  watch(() => JSON.stringify([narrowed.value, state()]), first);
  // Those who stood on this page have moved on: trouble stands before them.
  watch(shown, (page) => {
    if (page?.items.length === 0 && trail.value.length > 0) void first();
  });
  let soon: number | undefined;
  watch(ofOurs, () => {
    soon ??= window.setTimeout(() => {
      soon = undefined;
      if (!document.hidden) void load();
    }, SOON_MS);
  });
  onScopeDispose(() => window.clearTimeout(soon));

  return {
    shown,
    problem,
    load,
    turning,
    forth,
    back,
    when,
    old: computed(() => when.value > 0 && here.value - when.value > OLD_MS),
  };
}
