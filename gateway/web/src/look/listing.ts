// A list that is loaded page by page, searched, and refreshed while somebody looks at it.
import { onScopeDispose, shallowRef, watch } from "vue";
import type { ShallowRef } from "vue";
import { get } from "@/api/client";
import type { Page } from "@/api/types";

const SETTLE_MS = 250;

/** What is shown of a list, whether there is more, and why the last question was not answered. */
export type Listing<Item> = {
  readonly items: Readonly<ShallowRef<Item[]>>;
  readonly next: Readonly<ShallowRef<string | null>>;
  readonly loading: Readonly<ShallowRef<boolean>>;
  readonly problem: Readonly<ShallowRef<unknown>>;
  readonly load: () => Promise<void>;
  readonly more: () => Promise<void>;
};

type Query = Record<string, string | number | boolean | null | undefined>;

/**
 * The pages of `address` for `query`. A change of the query loads anew after a moment, so that
 * typing does not ask for every letter; `everyMs` asks again for what is shown.
 */
export function useListing<Item>(address: string, query: () => Query, everyMs?: number): Listing<Item> {
  const items = shallowRef<Item[]>([]);
  const next = shallowRef<string | null>(null);
  const loading = shallowRef(true);
  const problem = shallowRef<unknown>(null);
  let latest = 0;

  async function ask(cursor: string | null, limit: number): Promise<void> {
    const mine = ++latest;
    loading.value = true;
    try {
      const page = await get<Page<Item>>(address, { ...query(), limit, cursor });
      if (mine !== latest) return; // a later question is under way
      items.value = cursor === null ? page.items : [...items.value, ...page.items];
      next.value = page.next ?? null;
      problem.value = null;
    } catch (why) {
      if (mine === latest) problem.value = why;
    } finally {
      if (mine === latest) loading.value = false;
    }
  }

  const SIZE = 100;
  const MOST = 500; // what the gateway gives at once
  const load = () => ask(null, SIZE);
  const more = () => ask(next.value, SIZE);
  /** Ask again for what is shown, in one page where that is allowed. */
  const refresh = () => {
    if (items.value.length <= MOST) void ask(null, Math.max(SIZE, items.value.length));
  };

  let settling: number | undefined;
  watch(query, () => {
    window.clearTimeout(settling);
    settling = window.setTimeout(() => void load(), SETTLE_MS);
  });
  void load();
  const refreshing =
    everyMs === undefined
      ? undefined
      : window.setInterval(() => {
          if (!document.hidden && !loading.value) refresh();
        }, everyMs);
  onScopeDispose(() => {
    window.clearTimeout(settling);
    window.clearInterval(refreshing);
  });

  return { items, next, loading, problem, load, more };
}
