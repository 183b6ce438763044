// Who is on duty: asked for once for the whole page, and again while somebody looks at it.
import { computed, onScopeDispose, shallowReadonly, shallowRef } from "vue";
import { get } from "@/api/client";
import type { Items, Person, Shift, Team } from "@/api/types";

const REFRESH_MS = 30_000;

const known = shallowRef<Team[] | null>(null);
const trouble = shallowRef<unknown>(null);

export const teams = shallowReadonly(known);
export const problem = shallowReadonly(trouble);
/** The team that every page names. */
export const first = computed<Team | null>(() => known.value?.[0] ?? null);

/** Ask who is on duty now. */
export async function loadTeams(): Promise<void> {
  try {
    known.value = (await get<Items<Team>>("/duty")).items;
    trouble.value = null;
  } catch (why) {
    trouble.value = why;
  }
}

/** Keep it fresh as long as the caller is on the page. */
export function useTeams(): void {
  void loadTeams();
  const again = window.setInterval(() => {
    if (!document.hidden) void loadTeams();
  }, REFRESH_MS);
  onScopeDispose(() => window.clearInterval(again));
}

/** A person as others know them. */
export const personName = (one: Person): string => one.display || one.name;

export type RotaDay = { day: number; shifts: Shift[] };

/** Shifts by the day on which they begin, in the time zone of the screen. */
export function byDay(shifts: readonly Shift[]): RotaDay[] {
  const days = new Map<number, Shift[]>();
  for (const one of shifts) {
    const at = new Date(one.starts);
    const day = new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime();
    days.set(day, [...(days.get(day) ?? []), one]);
  }
  return [...days].sort(([a], [b]) => a - b).map(([day, of]) => ({ day, shifts: of }));
}
