// What a person enters for the figures of rules, and what is sent of it.
import type { Figure, RuleFigures, RuleParameters, Scalar } from "@/api/types";

export type Level = "school" | "device";

/** What is entered, by `rule.parameter`; null: no figure of one's own, that of around counts. */
export type Drafts = Record<string, string | null>;

/** Why an entry is not sent. */
export type Refusal = "not_a_number" | "not_whole" | "out_of_range" | "missing";

export type Sent = { own: RuleParameters; refusals: Record<string, Refusal> };

const BELOW: Record<Level, readonly string[]> = {
  school: ["kind", "default"],
  device: ["school", "kind", "default"],
};

export const SOURCE = "source";

export const keyOf = (rule: RuleFigures, name: string): string => `${rule.rule}.${name}`;

/** The figure that counts where there is none of one's own, and who gave it. */
export function around(figure: Figure, level: Level): { origin: string; value: Scalar } {
  const origin = BELOW[level].find((one) => one in figure.given) ?? "default";
  return { origin, value: figure.given[origin] ?? null };
}

/** A figure as it stands in its field. */
export function written(value: Scalar | undefined): string {
  return value === null || value === undefined ? "" : String(value);
}

/** The drafts of what is in force. */
export function begun(rules: readonly RuleFigures[], level: Level): Drafts {
  const drafts: Drafts = {};
  for (const rule of rules) {
    for (const figure of rule.figures)
      drafts[keyOf(rule, figure.name)] = level in figure.given ? written(figure.given[level]) : null;
    drafts[keyOf(rule, SOURCE)] = typeof rule.own[SOURCE] === "string" ? rule.own[SOURCE] : null;
  }
  return drafts;
}

/** An entry as the figure it means, or why it means none. */
export function read(figure: Figure, text: string): { value: Scalar } | { refusal: Refusal } {
  const entry = text.trim();
  if (figure.type === "truth") return { value: entry === "true" };
  if (figure.type === "choice" || figure.type === "text") return { value: entry };
  if (entry === "") return figure.optional ? { value: null } : { refusal: "missing" };
  const value = Number(entry.replace("，", ".").replace(",", "."));
  if (!Number.isFinite(value)) return { refusal: "not_a_number" };
  if (figure.type === "integer" && !Number.isInteger(value)) return { refusal: "not_whole" };
  return allowed(figure, value) ? { value } : { refusal: "out_of_range" };
}

function allowed(figure: Figure, value: number): boolean {
  return (
    (figure.low === null || value >= figure.low) &&
    (figure.high === null || value <= figure.high) &&
    (figure.more_than === null || value > figure.more_than) &&
    (figure.less_than === null || value < figure.less_than)
  );
}

/** All figures of one's own. What a form does not show (another metric, a rule's name) stays. */
export function sent(rules: readonly RuleFigures[], drafts: Drafts): Sent {
  const result: Sent = { own: {}, refusals: {} };
  for (const rule of rules) {
    const shown = new Set([SOURCE, ...rule.figures.map((figure) => figure.name)]);
    const own = Object.fromEntries(
      Object.entries(rule.own as Record<string, Scalar>).filter(([name]) => !shown.has(name)),
    );
    for (const figure of rule.figures) {
      const draft = drafts[keyOf(rule, figure.name)] ?? null;
      if (draft === null) continue;
      const found = read(figure, draft);
      if ("refusal" in found) result.refusals[keyOf(rule, figure.name)] = found.refusal;
      else own[figure.name] = found.value;
    }
    const source = drafts[keyOf(rule, SOURCE)]?.trim() ?? "";
    if (Object.keys(own).length === 0) continue; // a source of nothing
    result.own[rule.rule] = source === "" ? own : { ...own, [SOURCE]: source };
  }
  return result;
}

/** What is allowed, for people: `0 – 100`, `> 0`, `≤ 10`; empty when everything is. */
export function range(figure: Figure, shown: (value: number) => string): string {
  const { low, high, more_than, less_than } = figure;
  if (low !== null && high !== null) return `${shown(low)} – ${shown(high)}`;
  const ends = [
    low === null ? "" : `≥ ${shown(low)}`,
    more_than === null ? "" : `> ${shown(more_than)}`,
    high === null ? "" : `≤ ${shown(high)}`,
    less_than === null ? "" : `< ${shown(less_than)}`,
  ];
  return ends.filter((end) => end !== "").join(" · ");
}
