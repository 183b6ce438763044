// The hazard ledger as people read it: its eight steps, what comes next, and how long there is left.
import { get, path } from "@/api/client";
import type {
  Hazard,
  HazardAct,
  HazardActionName,
  HazardIn,
  HazardStep,
  LedgerFigures,
} from "@/api/types";
import { deliver } from "@/outbox/outbox";
import type { Delivered } from "@/outbox/queue";
import { span } from "@/words/figures";
import { named, t } from "@/words/words";
import type { Key } from "@/words/words";

export const STEPS = [
  "find",
  "register",
  "assess",
  "report",
  "monitor",
  "remedy",
  "accept",
  "close",
] as const satisfies readonly HazardStep[];

export const STATES = ["standing", "overdue", "look_back", "closed", "all"] as const;

/** The next sensible act first: what moves the entry on has the largest control. */
const FORWARD: readonly HazardActionName[] = [
  "sign",
  "register",
  "assess",
  "monitor",
  "accept",
  "look_back",
];
const BESIDE: readonly HazardActionName[] = ["send_back", "interim", "extend", "comment"];

export const standing = (hazard: Hazard) => hazard.closed === null;

/** What the caller may do, what moves the entry on first. */
export function actsOf(hazard: Hazard): HazardActionName[] {
  return [...FORWARD, ...BESIDE].filter((name) => hazard.may.includes(name));
}

export const movesOn = (name: HazardActionName) => FORWARD.includes(name);

/** What the button of an act says: of a signature, which. */
export function actName(hazard: Hazard, name: HazardActionName): string {
  const awaited = hazard.awaits?.kind;
  if (name === "sign" && awaited) return t(`hazard.sign.${awaited}` as Key);
  return t(`hazard.action.${name}`);
}

/** "3 d left", "2 d overdue"; nothing for what is closed. */
export function dueIn(hazard: Hazard, now: number): string {
  if (!standing(hazard)) return "";
  return hazard.due < now
    ? t("page.order.overdue_by", { span: span(now - hazard.due) })
    : t("page.order.left", { span: span(hazard.due - now) });
}

/** What comes next, in words: the signature that is wanted, or that it is over. */
export function nextOf(hazard: Hazard): string {
  if (hazard.awaits) return t(`hazard.awaits.${hazard.awaits.kind}` as Key);
  return t("page.hazards.closed");
}

/** Whose signature is wanted next. */
export function nextBy(hazard: Hazard): string {
  const roles = hazard.awaits?.by ?? [];
  const worded = roles.filter((role) => role !== "").map((role) => t(`page.role.${role}` as Key));
  return worded.length === 0 ? "" : t("page.hazard.awaits_by", { roles: worded.join(" / ") });
}

/** Overdue first, then what is due next; what is closed comes last, the newest first. */
export function pressingFirst(a: Hazard, b: Hazard): number {
  const over = Number(!standing(a)) - Number(!standing(b));
  if (over !== 0) return over;
  if (!standing(a)) return b.number - a.number;
  return Number(b.overdue) - Number(a.overdue) || a.due - b.due || a.number - b.number;
}

/** The entries of each step, the most pressing first. */
export function byStep(hazards: readonly Hazard[]): Map<HazardStep, Hazard[]> {
  const columns = new Map<HazardStep, Hazard[]>(STEPS.map((step) => [step, []]));
  for (const hazard of [...hazards].sort(pressingFirst))
    if (standing(hazard)) columns.get(hazard.step)?.push(hazard);
  return columns;
}

export const laneOf = (number: number) => `hazard:${number}`;

/** Send it, or keep it on this device until there is a network again. */
export function act(hazard: Hazard, wanted: HazardAct): Promise<Delivered> {
  return deliver({
    method: "POST",
    path: path("hazards", hazard.number, "actions"),
    body: wanted,
    lane: laneOf(hazard.number),
    word: `hazard.action.${wanted.action}`,
    thing: hazard.title,
    until: null,
  });
}

/** Enter a finding, now or when there is a network again. */
export function enter(wanted: HazardIn): Promise<Delivered> {
  const first = wanted.text.split("\n", 1)[0] ?? "";
  return deliver({
    method: "POST",
    path: "/hazards",
    body: wanted,
    lane: "hazard:new",
    word: "hazard.action.open",
    thing: { zh: first, en: first },
    until: null,
  });
}

let figures: Promise<LedgerFigures> | null = null;

/** A figure of the ledger, asked for once. */
export async function figure(name: string, otherwise: number): Promise<number> {
  figures ??= get<LedgerFigures>("/hazards/figures");
  try {
    return (await figures)[name]?.value ?? otherwise;
  } catch {
    figures = null; // no network: asked again, and a form has its usual figure meanwhile
    return otherwise;
  }
}

export const titleOf = (hazard: Hazard) => named(hazard.title);
