// The list as a long sheet of lines of known heights, of which only those in sight are drawn.
// Each line's place is a sum of given heights, so nothing has to be measured.
import { SECTIONS, size } from "@/alerts/ordering";
import type { Group, Layout, Section } from "@/alerts/ordering";

export type Line =
  | { readonly kind: "section"; readonly section: Section; readonly count: number }
  | { readonly kind: "group"; readonly section: Section; readonly group: Group }
  /** `position` counts the alerts of the sheet from 1. */
  | { readonly kind: "alert"; readonly id: number; readonly position: number }
  /** Nobody has to acknowledge anything. */
  | { readonly kind: "calm" };

/** In CSS pixels. */
export type Heights = Readonly<Record<Line["kind"], number>>;

export type Sheet = {
  readonly lines: readonly Line[];
  /** Where each line begins, and behind the last one where the sheet ends. */
  readonly tops: readonly number[];
  /** On which line each alert stands. */
  readonly at: ReadonlyMap<number, number>;
  /** The alerts from above to below. */
  readonly ids: readonly number[];
  /** The lines that head others. */
  readonly heads: readonly number[];
};
export type Head = Extract<Line, { kind: "section" | "group" }>;

/** What is folded away: whole sections, and single groups by `foldKey`. */
export type Folding = { readonly open: ReadonlySet<Section>; readonly folded: ReadonlySet<string> };

/** A group's own name among all: the same school stands in several sections. */
export const foldKey = (section: Section, group: Group): string => `${section} ${group.key}`;

/** Lay out the sheet. */
export function sheetOf(layout: Layout, { open, folded }: Folding, heights: Heights): Sheet {
  const lines: Line[] = [];
  const tops: number[] = [];
  const at = new Map<number, number>();
  const ids: number[] = [];
  const heads: number[] = [];
  let top = 0;
  const add = (line: Line) => {
    lines.push(line);
    tops.push(top);
    top += heights[line.kind];
  };
  for (const section of SECTIONS) {
    const groups = layout[section];
    if (groups.length === 0 && section !== "unacknowledged") continue;
    heads.push(lines.length);
    add({ kind: "section", section, count: size(groups) });
    if (!open.has(section)) continue;
    if (groups.length === 0) add({ kind: "calm" });
    for (const group of groups) {
      if (group.key !== "") {
        heads.push(lines.length);
        add({ kind: "group", section, group });
      }
      if (folded.has(foldKey(section, group))) continue;
      for (const id of group.ids) {
        at.set(id, lines.length);
        ids.push(id);
        add({ kind: "alert", id, position: ids.length });
      }
    }
  }
  tops.push(top);
  return { lines, tops, at, ids, heads };
}

/** The head under which a line stands that has left the sight itself; none while it is in sight. */
export function headOver(sheet: Sheet, top: number): Head | null {
  const line = lineAt(sheet, top);
  const over = sheet.heads.findLast((head) => head <= line);
  if (over === undefined || top <= (sheet.tops[over] as number)) return null;
  return sheet.lines[over] as Head;
}

/** The line at a height of the sheet; the last one below its end. */
export function lineAt({ lines, tops }: Sheet, y: number): number {
  let [low, high] = [0, Math.max(0, lines.length - 1)];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((tops[middle] as number) <= y) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The lines to draw for what is in sight, `[first, end)`, with `more` above and below. */
export function inSight(sheet: Sheet, top: number, height: number, more: number): [number, number] {
  const first = Math.max(0, lineAt(sheet, top) - more);
  return [first, Math.min(sheet.lines.length, lineAt(sheet, top + height) + 1 + more)];
}

/**
 * How far the list must be scrolled on the sheet `next` so that what is read stays where it is on
 * the screen, when it is scrolled to `top` on `last`. Who looks at the very top goes on doing so.
 */
export function steady(last: Sheet, next: Sheet, top: number): number {
  if (top <= 0) return 0;
  for (let line = lineAt(last, top); line < last.lines.length; line += 1) {
    const one = last.lines[line] as Line;
    const there = one.kind === "alert" ? next.at.get(one.id) : undefined;
    if (there !== undefined)
      return Math.max(0, top + (next.tops[there] as number) - (last.tops[line] as number));
  }
  return top;
}

/** The alerts above a height of the sheet of which `isNew` says so, from above to below. */
export function newAbove(sheet: Sheet, top: number, isNew: (id: number) => boolean): number[] {
  const end = lineAt(sheet, top);
  const found: number[] = [];
  for (const id of sheet.ids) {
    if ((sheet.at.get(id) as number) >= end) break;
    if (isNew(id)) found.push(id);
  }
  return found;
}
