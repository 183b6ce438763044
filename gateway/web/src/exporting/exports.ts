// What is said of an export: how far it is, how large, whether there is still something to wait for.
import type { Export } from "@/api/types";
import { figure } from "@/words/figures";

const KIB = 1024;

export const standing = (one: Export): boolean => one.state === "waiting" || one.state === "running";

/** Per cent of an export that is being written; null while nobody knows. Never 100 before it is. */
export function percent(one: Export): number | null {
  if (one.done === null) return null;
  return one.state === "done" ? 100 : Math.min(99, Math.floor(100 * one.done));
}

/** 12 KB, 3.4 MB. */
export function size(bytes: number): string {
  const kib = bytes / KIB;
  if (kib < KIB) return `${figure(Math.max(1, Math.round(kib)))} KB`;
  return `${figure(kib / KIB)} MB`;
}

/** What is sent: parameters that are not set are left out. */
export function sent(params: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(params).filter(([, value]) => value !== null && value !== undefined && value !== ""),
  );
}
