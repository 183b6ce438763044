// The regions as a tree that one opens and closes, with schools as its leaves: which rows are in
// sight, and where a key leads.

/** What a row of the tree is of. */
export type Kind = "all" | "region" | "school";

export type Node = {
  /** `all`, `region:ID`, `school:ID`. */
  readonly key: string;
  readonly kind: Kind;
  /** The key of the row above it in the tree. */
  readonly parent: string | null;
};

/** A row in sight, with what a reader of screens is told of its place. */
export type Row<One extends Node = Node> = {
  readonly node: One;
  /** From 1. */
  readonly level: number;
  readonly place: number;
  readonly places: number;
  /** `null`: it has nothing below it. */
  readonly open: boolean | null;
};

/** Below each, in the order in which they come. Who names a parent that is not there, or that lies
 * in what it names it for (a mistake in a register), stands under all: nobody is lost. */
function below<One extends Node>(nodes: readonly One[], root: string): Map<string, One[]> {
  const parents = new Map(nodes.map((one) => [one.key, one.parent]));
  const ringed = (key: string): boolean => {
    const seen = new Set<string>();
    for (let at = parents.get(key) ?? null; at !== null && !seen.has(at); at = parents.get(at) ?? null) {
      if (at === key) return true;
      seen.add(at);
    }
    return false;
  };
  const found = new Map<string, One[]>();
  for (const one of nodes) {
    if (one.key === root) continue;
    const above = one.parent;
    const parent = above !== null && parents.has(above) && !ringed(one.key) ? above : root;
    const list = found.get(parent);
    if (list) list.push(one);
    else found.set(parent, [one]);
  }
  return found;
}

/**
 * The rows in sight: all at the top, then what lies below each that is open. Regions open also when
 * nothing of them is loaded yet (`leaf` tells who never has anything below).
 */
export function rowsOf<One extends Node>(
  nodes: readonly One[],
  opened: ReadonlySet<string>,
  leaf: (one: One) => boolean = (one) => one.kind === "school",
): Row<One>[] {
  const root = nodes.find((one) => one.kind === "all");
  const children = below(nodes, root?.key ?? "");
  const rows: Row<One>[] = [];
  const walk = (one: One, level: number, place: number, places: number) => {
    const open = leaf(one) ? null : one.kind === "all" || opened.has(one.key);
    rows.push({ node: one, level, place, places, open });
    if (open !== true) return;
    const list = children.get(one.key) ?? [];
    list.forEach((each, number) => walk(each, level + 1, number + 1, list.length));
  };
  if (root) walk(root, 1, 1, 1);
  return rows;
}

export type Step = { readonly to: string } | { readonly open: string } | { readonly close: string } | null;

/** Where a key leads from the row `at`, as trees do everywhere: up and down among what is in sight;
 * right opens, then enters; left closes, then leaves. */
export function step(rows: readonly Row[], at: string, key: string): Step {
  const index = rows.findIndex((row) => row.node.key === at);
  const row = rows[index];
  if (row === undefined) return null;
  const to = (number: number): Step => {
    const next = rows[number];
    return next ? { to: next.node.key } : null;
  };
  switch (key) {
    case "ArrowDown":
      return to(index + 1);
    case "ArrowUp":
      return to(index - 1);
    case "Home":
      return to(0);
    case "End":
      return to(rows.length - 1);
    case "ArrowRight":
      if (row.open === false) return { open: at };
      return row.open === true && rows[index + 1]?.level === row.level + 1 ? to(index + 1) : null;
    case "ArrowLeft": {
      if (row.open === true && row.node.kind !== "all") return { close: at };
      const above = rows.slice(0, index).findLastIndex((one) => one.level < row.level);
      return above < 0 ? null : to(above);
    }
    default:
      return null;
  }
}
