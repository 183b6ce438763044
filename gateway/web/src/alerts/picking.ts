// Several alerts chosen to be acted on together: what each key makes of the choice.

/** `base` is what was chosen before the stretch from `anchor` began to grow. */
export type Picks = {
  readonly ids: ReadonlySet<number>;
  readonly anchor: number | null;
  readonly base: ReadonlySet<number>;
};

const NOBODY: ReadonlySet<number> = new Set();
export const NO_PICKS: Picks = { ids: NOBODY, anchor: null, base: NOBODY };

/** Choose one more, or let it go; the next stretch begins there. */
export function toggled({ ids }: Picks, id: number): Picks {
  const next = new Set(ids);
  if (!next.delete(id)) next.add(id);
  return { ids: next, anchor: id, base: next };
}

/** Choose all from where the stretch began to `to`, in the order of `rows`; without a beginning it
 * begins at `from`. A stretch that shrinks lets go of what it had taken. */
export function stretched(picks: Picks, rows: readonly number[], from: number, to: number): Picks {
  const begun = picks.anchor !== null && rows.includes(picks.anchor) ? picks.anchor : null;
  const anchor = begun ?? from;
  const base = begun === null ? picks.ids : picks.base;
  const [a, b] = [rows.indexOf(anchor), rows.indexOf(to)];
  if (a < 0 || b < 0) return picks;
  const stretch = rows.slice(Math.min(a, b), Math.max(a, b) + 1);
  return { ids: new Set([...base, ...stretch]), anchor, base };
}

/** Choose these as well; all of them chosen already: let them go. */
export function withAll({ ids }: Picks, more: readonly number[]): Picks {
  const next = new Set([...ids, ...more]);
  if (next.size === ids.size) for (const id of more) next.delete(id);
  return { ids: next, anchor: null, base: next };
}

/** The choice without those that are no longer there. The same object when all are. */
export function stillThere(picks: Picks, there: (id: number) => boolean): Picks {
  if ([...picks.ids].every(there)) return picks;
  const keep = (ids: ReadonlySet<number>) => new Set([...ids].filter(there));
  return { ids: keep(picks.ids), anchor: picks.anchor, base: keep(picks.base) };
}
