// What is said of schools of the roster and of the lists that are brought in.
import type { RosterEntry, RosterImport, RosterTrouble, SchoolKind } from "@/api/types";
import { figure } from "@/words/figures";
import { named, t, tOr } from "@/words/words";

export const KINDS = [
  "kindergarten",
  "primary",
  "junior_middle",
  "senior_middle",
  "complete_middle",
  "nine_year",
  "twelve_year",
  "vocational",
  "special",
  "higher",
  "other",
] as const satisfies readonly SchoolKind[];

export const BASELINES = ["", "none", "signed", "waiting"] as const;

/** Codes whose `other` is the word that was probably meant. */
const NEAR: readonly string[] = ["unknown_kind", "unknown_region"];

export function kindOfSchool(kind: SchoolKind): string {
  return t(`school_kind.${kind}`);
}

/** What is wrong on a line, with the word that was probably meant. */
export function troubleText(one: RosterTrouble): string {
  const said = tOr(`roster.trouble.${one.code}`, one.code, { value: one.value, other: one.other });
  const near = one.other !== "" && NEAR.includes(one.code);
  return near ? said + t("roster.trouble.near", { other: one.other }) : said;
}

/** Where it is: the line, and the column or sheet when that is known. */
export function troublePlace(one: RosterTrouble): string {
  const line = one.line === null ? "" : t("page.contacts.line", { n: one.line });
  return [one.sheet, line, one.field].filter((part) => part !== "").join(" · ");
}

export const busy = (run: RosterImport | null): boolean =>
  run !== null && (run.state === "reading" || run.state === "writing");

/** Between 0 and 1; null while nobody knows how much there is. */
export function share(run: RosterImport): number | null {
  return run.of === null || run.of === 0 ? null : Math.min(1, run.done / run.of);
}

type Fields = NonNullable<NonNullable<RosterImport["preview"]>["changes"][number]["before"]>;

const COMPARED = ["name", "kind", "region", "pupils", "boarders", "key_target"] as const;

/** A field of a school as people read it. */
function shown(fields: Fields, field: (typeof COMPARED)[number]): string {
  switch (field) {
    case "kind":
      return kindOfSchool(fields.kind);
    case "region":
      return named(fields.region_name, fields.region ?? "—");
    case "pupils":
    case "boarders":
      return figure(fields[field]);
    case "key_target":
      return fields.key_target ? t("word.yes") : t("word.no");
    case "name":
      return fields.name;
  }
}

/** What becomes of a school, field by field; of a new one what it is. */
export function differences(before: Fields | null, after: Fields): { field: string; was: string; now: string }[] {
  return COMPARED.map((field) => ({
    field: t(`page.roster.${field}`),
    was: before === null ? "" : shown(before, field),
    now: shown(after, field),
  })).filter((one) => one.was !== one.now);
}

/** What is known of the school's baseline, in a word. */
export function baselineWord(entry: RosterEntry): string {
  if (entry.waiting) return t("page.roster.baseline.waiting");
  return entry.baseline === 0
    ? t("page.roster.baseline.none")
    : t("page.roster.baseline.version", { n: entry.baseline });
}
