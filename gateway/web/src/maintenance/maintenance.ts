// Maintenances as people read them: of what, how long still, and which one a record names.
import type { Maintenance, Scalar } from "@/api/types";
import { moment, span } from "@/words/figures";
import { named, t } from "@/words/words";

export const LISTS = ["standing", "over"] as const;
export const SCOPES = ["school", "place", "device"] as const;
export type Scope = (typeof SCOPES)[number];

/** The lengths offered, in hours: a task, half a shift, a shift, a day. */
export const LENGTHS_H = [1, 4, 8, 24] as const;

const CODE = /^maintenance:(\d+)$/;

/** The maintenance that a transition's reason names, if it names one. */
export function numberIn(reason: Scalar | undefined): number | null {
  const found = typeof reason === "string" ? CODE.exec(reason) : null;
  return found ? Number(found[1]) : null;
}

/** What it is of, in a few words: the device, the place, or the whole school. */
export function thing(one: Maintenance): string {
  if (one.device) return named(one.device.name, one.device.id);
  if (one.place !== null) return named(one.place_name, one.place);
  return t("page.maintenance.of.school");
}

/** How long it lasts still, when it begins, or when it was over. */
export function timing(one: Maintenance, now: number): string {
  if (one.state === "coming") return t("page.maintenance.in", { span: span(one.starts - now) });
  if (one.state === "under_way") return t("page.maintenance.left", { span: span(one.ends - now) });
  return one.ended === null ? "" : moment(one.ended, now);
}

/** How it came to its end; empty while it stands. */
export function ending(one: Maintenance, now: number): string {
  if (one.ended === null) return "";
  const said = { actor: one.ended_by, at: moment(one.ended, now) };
  if (one.ended_by === "")
    return t(one.begun === null ? "page.maintenance.missed" : "page.maintenance.ended", said);
  return t(one.begun === null ? "page.maintenance.called_off" : "page.maintenance.ended_by", said);
}
