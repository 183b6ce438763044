// Which regions are fields of the map: those of the first level that has something to compare.

type Placed = { readonly region: string | null; readonly parent: string | null };

/** The regions directly below `scope` (empty: those on top), in their own order. Where there is but
 * one, those below it: a map of one field tells nothing. */
export function tilesOf<One extends Placed>(regions: readonly One[], scope: string): One[] {
  const known = new Set(regions.map((one) => one.region));
  const below = (parent: string) =>
    regions.filter(({ region, parent: above }) => {
      if (region === parent) return false;
      return parent === "" ? above === null || !known.has(above) : above === parent;
    });
  let found = below(scope);
  const seen = new Set([scope]);
  for (;;) {
    const only = found.length === 1 ? found[0]?.region : null;
    if (typeof only !== "string" || seen.has(only)) return found;
    seen.add(only);
    const next = below(only);
    if (next.length === 0) return found;
    found = next;
  }
}
