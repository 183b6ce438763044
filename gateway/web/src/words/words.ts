// What the page says: one catalogue per language, shared with the gateway; the first load holds
// only the chosen one.
import type zh from "@words/zh-CN.json";
import { computed, ref, shallowRef } from "vue";
import { Problem } from "@/api/client";
import type { Names } from "@/api/types";
import { recall, remember } from "@/words/memory";

export type Language = "zh-CN" | "en";
export type Key = keyof typeof zh;
export type Inputs = Record<string, string | number>;

const catalogues: Record<Language, () => Promise<{ default: Record<string, string> }>> = {
  "zh-CN": () => import("@words/zh-CN.json"),
  en: () => import("@words/en.json"),
};

const catalogue = shallowRef<Record<string, string>>({});
const chosen = ref<Language>("zh-CN");

export const language = computed(() => chosen.value);
/** The same as the gateway names it in its files and messages. */
export const spoken = computed(() => (chosen.value === "en" ? "en" : "zh"));

function preferred(): Language {
  const kept = recall("language");
  if (kept === "zh-CN" || kept === "en") return kept;
  return navigator.language.startsWith("en") ? "en" : "zh-CN";
}

/** Load a language and show it; without one, the person's own. */
export async function speak(wanted: Language = preferred()): Promise<void> {
  catalogue.value = (await catalogues[wanted]()).default;
  chosen.value = wanted;
  document.documentElement.lang = wanted;
  document.title = t("app.name");
  // What is installed has the name of the language that was spoken then.
  document.querySelector('link[rel="manifest"]')?.setAttribute("href", `/manifest.${wanted}.webmanifest`);
}

/** Choose a language for good. */
export async function chooseLanguage(wanted: Language): Promise<void> {
  await speak(wanted);
  remember("language", wanted);
}

function filled(text: string, inputs: Inputs): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(inputs[name] ?? whole));
}

/** The text of a key, with its placeholders filled. */
export function t(key: Key, inputs: Inputs = {}): string {
  return filled(catalogue.value[key] ?? key, inputs);
}

/** The text of a key that the gateway made (`kind.smoke`), or `otherwise` if there is none. */
export function tOr(key: string, otherwise: string, inputs: Inputs = {}): string {
  const text = catalogue.value[key];
  return text === undefined ? otherwise : filled(text, inputs);
}

/** A name in the chosen language, in the other one if it has none. */
export function named(names: Names | null | undefined, otherwise = ""): string {
  if (!names) return otherwise;
  const [first, second] = chosen.value === "en" ? [names.en, names.zh] : [names.zh, names.en];
  return first || second || otherwise;
}

/** What went wrong, in words for the person who asked. */
export function said(error: unknown): string {
  if (!(error instanceof Problem)) return t("page.problem.page", { detail: String(error) });
  if (error.code === "network") return t("page.problem.network");
  if (error.code === "timeout") return t("page.problem.timeout");
  const [colon, semicolon, open, close] = chosen.value === "en" ? [": ", "; ", " (", ")"] : ["：", "；", "（", "）"];
  const fields = error.fields.map((one) => one.field + colon + one.message).join(semicolon);
  const known = tOr(error.code, tOr(`problem.${error.code}`, ""));
  if (known !== "" && !known.includes("{")) return fields === "" ? known : known + open + fields + close;
  return error.detail || fields || t("page.problem.status", { status: error.status });
}
