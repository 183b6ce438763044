// Regions, schools and kinds: small lists that are loaded once, and the part of them on screen.
import { computed, ref, shallowRef } from "vue";
import { get } from "@/api/client";
import type { Items, Kind, Place, Region, School } from "@/api/types";
import { named, t } from "@/words/words";

export const regions = shallowRef<Region[]>([]);
export const schools = shallowRef<School[]>([]);
export const kinds = shallowRef<Kind[]>([]);

/** What the lists are narrowed to: `region:ID`, `school:ID`, or everything. */
export const chosen = ref("");

export async function loadRegister(): Promise<void> {
  const [foundRegions, foundSchools, foundKinds] = await Promise.all([
    get<Items<Region>>("/regions"),
    get<Items<School>>("/schools"),
    get<Items<Kind>>("/kinds"),
  ]);
  regions.value = foundRegions.items;
  schools.value = foundSchools.items;
  kinds.value = foundKinds.items;
}

export async function placesOf(school: string): Promise<Place[]> {
  return (await get<Items<Place>>("/places", { school })).items;
}

/** What a request is narrowed to. */
export const narrowed = computed<{ region?: string; school?: string }>(() => {
  const [level, id] = chosen.value.split(":", 2);
  if (id === undefined) return {};
  return level === "region" ? { region: id } : { school: id };
});

/** The ids of the schools chosen; null means all. */
export const chosenSchools = computed<ReadonlySet<string> | null>(() => {
  const { region, school } = narrowed.value;
  if (school !== undefined) return new Set([school]);
  if (region === undefined) return null;
  const inside = new Set([region]);
  // Regions form a tree of unknown depth: take in children until there are no more.
  for (let before = 0; before < inside.size; ) {
    before = inside.size;
    for (const { id, parent } of regions.value)
      if (parent !== null && inside.has(parent)) inside.add(id);
  }
  return new Set(
    schools.value
      .filter((one) => one.region !== null && inside.has(one.region))
      .map((one) => one.id),
  );
});

export function kindName(kind: string): string {
  return named(kinds.value.find((one) => one.kind === kind)?.name, kind);
}

/** What `region:ID` or `school:ID` is called; anything else is everything. */
export function scopeName(scope: string, everything = t("page.scope.all")): string {
  const [level, id] = scope.split(":", 2);
  if (id === undefined) return everything;
  const list: readonly (Region | School)[] = level === "school" ? schools.value : regions.value;
  return named(list.find((one) => one.id === id)?.name, id);
}

export function schoolName(id: string): string {
  return named(schools.value.find((one) => one.id === id)?.name, id);
}
