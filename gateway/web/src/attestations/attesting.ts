// What is stated, as people read it: how large a file is, how long it lasts, what is still missing.
import { put } from "@/api/client";
import type { Asked, AttachedFile, Verdict } from "@/api/types";
import { deliver } from "@/outbox/outbox";
import type { Delivered } from "@/outbox/queue";
import { figure, forField } from "@/words/figures";
import { named, t, tOr } from "@/words/words";

export const DAY_MS = 86_400_000;
export const DRILL = "drill";
/** What the gateway takes at once. */
export const MOST_BYTES = 16 * 1024 * 1024;

const PHOTOS = ["image/jpeg", "image/png", "image/webp"];

export const isPhoto = (kind: string) => PHOTOS.includes(kind);

/** PDF, DOCX: the end of a file's name, in capitals. */
export const kindOf = (name: string) => name.slice(name.lastIndexOf(".") + 1).toUpperCase();

/** 340 kB, 2.1 MB. */
export function sizeOf(bytes: number): string {
  return bytes < 1e6 ? `${figure(Math.ceil(bytes / 1e3))} kB` : `${figure(bytes / 1e6)} MB`;
}

export const fileAddress = (hash: string) => `/api/v1/files/${encodeURIComponent(hash)}`;

export const sendFile = (school: string, blob: Blob, name: string) =>
  put<AttachedFile>("/files", blob, { school, name });

/** A verdict by its shape: what is not stated, or no longer, is unknown and never failed. */
export const verdictOf = (stands: string): Verdict => (stands === "standing" ? "met" : "unknown");

/** What is missing, in words. */
export function lackingWords(lacking: readonly string[]): string {
  return lacking
    .map((one) =>
      one === "files" ? t("page.attestations.lacking.files") : tOr(`attestation.figure.${one}`, one),
    )
    .join(t("page.attestations.comma"));
}

/** The last day a statement may name, and the usual one: as long as the policy lets it last. */
export const lastDay = (asked: Asked, now: number) =>
  forField(now + asked.longest_days * DAY_MS).slice(0, 10);

/** Until when: the end of that day here, and never beyond what the policy allows from now on. */
export function endOf(day: string, asked: Asked, now: number): number {
  const end = new Date(`${day}T23:59:59`).getTime();
  return Math.min(end, now + asked.longest_days * DAY_MS);
}

/** Guards that are missing; null = the rule is met, or nothing is known. */
export function guardsShort(asked: Asked): number | null {
  const guards = asked.attestation?.figures.guards;
  if (asked.guards_needed === null || guards === undefined) return null;
  return guards < asked.guards_needed ? asked.guards_needed - guards : null;
}

export type Statement = {
  school: string;
  item: string;
  expires: number;
  valid_from?: number;
  figures: Record<string, number>;
  files: string[];
  text: string;
};

/** State it, or keep it on this phone until there is a network again. */
export function attest(wanted: Statement, asked: Asked): Promise<Delivered> {
  return deliver({
    method: "POST",
    path: "/attestations",
    body: wanted,
    lane: `attestation:${wanted.school}/${wanted.item}`,
    word: "page.attestations.outbox",
    thing: { zh: named(asked.name), en: named(asked.name) },
    until: null,
  });
}
