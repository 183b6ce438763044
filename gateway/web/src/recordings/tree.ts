// The totals as a tree: each region with what lies in it, its schools last.
import type { Names, Recordings, RecordingTotals } from "@/api/types";

export type Row = {
  readonly key: string;
  /** None for all together. */
  readonly name: Names | null;
  readonly school: boolean;
  /** How far down the tree, from 0. */
  readonly depth: number;
  readonly counts: RecordingTotals;
};

/** All first; a region or school whose parent is not listed stands under all. */
export function rowsOf(totals: Recordings): Row[] {
  const listed = new Set(totals.regions.map((one) => one.region));
  const under = (id: string | null) => (id !== null && listed.has(id) ? id : null);
  const within = (parent: string | null, depth: number): Row[] => [
    ...totals.regions
      .filter((one) => under(one.parent) === parent)
      .flatMap((one) => [
        { key: `region:${one.region}`, name: one.name, school: false, depth, counts: one },
        ...within(one.region, depth + 1),
      ]),
    ...totals.schools
      .filter((one) => under(one.region) === parent)
      .map((one) => ({
        key: `school:${one.school}`,
        name: one.school_name,
        school: true,
        depth,
        counts: one,
      })),
  ];
  return [{ key: "all", name: null, school: false, depth: 0, counts: totals.all }, ...within(null, 0)];
}
