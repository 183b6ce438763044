// The schools of the regions that are open in the tree: loaded when a region is opened, and again
// when what is asked or a verdict has changed.
import { onScopeDispose, shallowRef, watch } from "vue";
import type { Ref } from "vue";
import { get } from "@/api/client";
import type { Pulse } from "@/bureau/live";
import type { SchoolVerdicts } from "@/bureau/shapes";

type Query = Record<string, string | number | null | undefined>;
type Leaf = { items: SchoolVerdicts[]; next?: string | null };

const LIMIT = 500;

/** `asked` is what all of them are asked with: policy and instant. */
export function useSchools(opened: Ref<ReadonlySet<string>>, asked: () => Query, pulse: Pulse) {
  const schools = shallowRef<ReadonlyMap<string, readonly SchoolVerdicts[]>>(new Map());
  const problem = shallowRef<unknown>(null);
  let latest = 0;
  let busy = false;
  let again = false;

  async function of(region: string): Promise<SchoolVerdicts[]> {
    const found: SchoolVerdicts[] = [];
    let cursor: string | null = null;
    do {
      const page: Leaf = await get<Leaf>("/coverage/schools", { ...asked(), region, direct: true, limit: LIMIT, cursor });
      found.push(...page.items);
      cursor = page.next ?? null;
    } while (cursor !== null);
    return found;
  }

  /** One region after the other: the gateway has others to answer, too. */
  async function load(regions: Iterable<string>): Promise<void> {
    const mine = ++latest;
    busy = true;
    try {
      for (const region of regions) {
        const found = await of(region);
        if (mine !== latest) return; // asked for otherwise meanwhile
        schools.value = new Map(schools.value).set(region, found);
      }
      problem.value = null;
    } catch (why) {
      if (mine === latest) problem.value = why;
    } finally {
      if (mine === latest) {
        busy = false;
        if (again) refresh();
      }
    }
  }

  const all = () => load([...opened.value]);
  const lacking = () => load([...opened.value].filter((one) => !schools.value.has(one)));
  function refresh(): void {
    again = busy;
    if (!busy) void all();
  }

  watch(opened, () => void lacking());
  watch(
    () => JSON.stringify(asked()),
    () => {
      again = false;
      void all();
    },
  );
  watch(pulse.count, refresh);
  onScopeDispose(() => (latest += 1));
  void all();
  return { schools, problem };
}
