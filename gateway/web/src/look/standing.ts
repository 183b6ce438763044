// Rows that hold still while somebody is over them: what they tell changes, where they stand not.

/**
 * What is to be drawn: the newest rows in the order of the gateway, or, while they are `held`, the
 * newest of each in the place where it stood. Who has gone meanwhile stays as it was last known,
 * who is new waits.
 */
export function stood<Row>(
  before: readonly Row[],
  newest: readonly Row[],
  held: boolean,
  key: (row: Row) => string,
): Row[] {
  if (!held || before.length === 0) return [...newest];
  const rows = new Map(newest.map((row) => [key(row), row]));
  return before.map((row) => rows.get(key(row)) ?? row);
}

/** Where an arrow leads on a grid of `columns`; where there is nothing it stays. */
export function moved(at: number, key: string, columns: number, count: number): number {
  const steps: Record<string, number> = {
    ArrowLeft: at - 1,
    ArrowRight: at + 1,
    ArrowUp: at - columns,
    ArrowDown: at + columns,
    Home: 0,
    End: count - 1,
  };
  const to = steps[key] ?? at;
  return to >= 0 && to < count ? to : at;
}
