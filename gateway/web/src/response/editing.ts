// The list of contacts while somebody changes it.
import type { Contact } from "@/api/types";

/** A row with a name of its own, so that its fields stay with it when it moves. */
export type Row = Contact & { key: number };

let last = 0;

export const rowOf = ({ role, name, telephone }: Contact): Row => ({
  key: ++last,
  role,
  name,
  telephone,
});

/** What is saved: without spaces around, and without rows in which nothing stands. */
export function savedRows(rows: readonly Row[]): Contact[] {
  return rows
    .map(({ role, name, telephone }) => ({
      role: role.trim(),
      name: name.trim(),
      telephone: telephone.trim(),
    }))
    .filter((one) => one.role !== "" || one.name !== "" || one.telephone !== "");
}

/** Whether every contact can be called: somebody, and a number. */
export function complete(rows: readonly Row[]): boolean {
  return savedRows(rows).every((one) => one.role !== "" && /\d/.test(one.telephone));
}

/** The rows with one moved up (-1) or down (1); at the end it stays. */
export function moved(rows: readonly Row[], at: number, by: -1 | 1): Row[] {
  const next = [...rows];
  const [from, to] = [next[at], next[at + by]];
  if (from !== undefined && to !== undefined) [next[at], next[at + by]] = [to, from];
  return next;
}
