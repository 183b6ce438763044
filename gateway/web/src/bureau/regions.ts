// The regions on screen: those inside the one that is chosen, in a fixed order.
import type { RegionFigures } from "@/bureau/shapes";

/** Those inside `scope` (empty: all), without itself, in the order of their names as `name` tells
 * them. Figures move them nowhere: who looks for a county finds it where it was. */
export function inside(
  regions: readonly RegionFigures[],
  scope: string,
  name: (one: RegionFigures) => string,
): RegionFigures[] {
  const parents = new Map(regions.map((one) => [one.region, one.parent]));
  const within = (one: RegionFigures): boolean => {
    const seen = new Set<string>();
    for (let at = one.parent; at !== null && !seen.has(at); at = parents.get(at) ?? null) {
      if (at === scope) return true;
      seen.add(at);
    }
    return false;
  };
  const found = scope === "" ? [...regions] : regions.filter((one) => one.region !== scope && within(one));
  // What is listed nowhere stands last.
  return found.sort((a, b) => Number(a.region === null) - Number(b.region === null) || name(a).localeCompare(name(b)));
}
