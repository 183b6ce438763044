// Where a commissioning stands: kept in the address, so that a reload or "back" loses nothing.
import type { LocationQuery } from "vue-router";

export const STEPS = ["scan", "adopt", "place", "verify", "done"] as const;
export type StepName = (typeof STEPS)[number];

export type Course = {
  readonly step: StepName | "find";
  /** What was scanned or typed. */
  readonly code: string;
  readonly school: string;
  readonly id: string;
};

export const BEGIN: Course = { step: "scan", code: "", school: "", id: "" };

const word = (value: LocationQuery[string] | undefined) => (typeof value === "string" ? value : "");

/** The course of an address; one that names no device begins anew. */
export function courseOf(query: LocationQuery): Course {
  const step = word(query.step);
  const [code, school, id] = [word(query.code), word(query.school), word(query.id)];
  const known = (STEPS as readonly string[]).includes(step) ? (step as StepName) : null;
  if (step === "find" && code !== "") return { step, code, school, id };
  if (known === "adopt" && (code !== "" || id !== "")) return { step: known, code, school, id };
  if (known !== null && known !== "adopt" && school !== "" && id !== "")
    return { step: known, code, school, id };
  return BEGIN;
}

/** The address of a course: what is empty is left out. */
export function queryOf(course: Course): Record<string, string> {
  return Object.fromEntries(Object.entries(course).filter(([, value]) => value !== ""));
}

/** Which of the steps shown a course is at; looking up belongs to scanning. */
export function reached({ step }: Course): number {
  return step === "find" ? 0 : STEPS.indexOf(step);
}
