// A reason in words: what is so, of what, and what to do about it.
import type { Reason } from "@/bureau/shapes";
import { kindName } from "@/register/register";
import { figure, shown } from "@/words/figures";
import { language, named, tOr } from "@/words/words";

/** Inputs that are names of something: the words they are looked up under. */
const WORDS: Readonly<Record<string, string>> = {
  condition: "condition",
  cause: "link.cause",
  stands: "coverage.stands",
};

/** Each input as a person reads it. */
export function inputsOf(reason: Reason): Record<string, string> {
  const told = Object.entries(reason.inputs).map(([name, value]): [string, string] => {
    if (typeof value === "number") return [name, figure(value)];
    if (name === "kind") return [name, kindName(String(value))];
    if (name === "lacking") return [name, listed(String(value).split(" ").filter(Boolean))];
    const words = WORDS[name];
    return [name, words === undefined ? shown(value, name) : tOr(`${words}.${String(value)}`, String(value))];
  });
  return Object.fromEntries(told);
}

const listed = (names: string[]) =>
  names.map((one) => tOr(`coverage.lacking.${one}`, one)).join(language.value === "en" ? ", " : "、");

/** What is so, in a sentence; a code that this page does not know yet is shown as it is. */
export const sentence = (reason: Reason): string =>
  tOr(`coverage.reason.${reason.code}`, reason.code, inputsOf(reason));

/** What to do about it; empty: nothing. */
export const advice = (reason: Reason): string =>
  tOr(`coverage.advice.${reason.code}`, "", inputsOf(reason));

/** Where: the device, the place, the link; empty for the school as a whole. */
export function subject(reason: Reason): string {
  const { device, place, link } = reason;
  const parts = [
    device && named(reason.device_name, device),
    place && named(reason.place_name, place),
    link,
  ];
  return parts.filter((one) => one !== "").join(" · ");
}

/** The page of the school where something is to be done about it; `null`: none of its own. */
export function roomOf(reason: Reason): "attestations" | "baseline" | null {
  if (reason.part === "statement" || reason.part === "staffing") return "attestations";
  if (reason.code === "platform_not_attested") return "attestations";
  return reason.part === "baseline" ? "baseline" : null;
}

/** Of two reasons alike but for their devices one is enough to read: the sentence with all it is
 * said of, in the order in which they first come. */
export type Said = { key: string; sentence: string; advice: string; reasons: Reason[] };

export function together(reasons: readonly Reason[]): Said[] {
  const found = new Map<string, Said>();
  for (const one of reasons) {
    const text = sentence(one);
    const key = [one.code, one.pending, text].join("|");
    const said = found.get(key) ?? { key, sentence: text, advice: advice(one), reasons: [] };
    said.reasons.push(one);
    found.set(key, said);
  }
  return [...found.values()];
}
