// Doing the same to several alerts: to which of them it applies, and one result for each.
import { ref, shallowRef } from "vue";
import type { Action, ActionName, Alert, EachActed, Together } from "@/api/types";
import { post, Problem } from "@/api/client";
import { take } from "@/alerts/book";
import { unacknowledged } from "@/alerts/ordering";

/** What makes sense for several at once; that a press was false is confirmed one by one. */
export const TOGETHER = [
  "acknowledge",
  "comment",
  "assign",
  "shelve",
  "unshelve",
  "reset",
  "mark_false",
] as const satisfies readonly ActionName[];
export type TogetherName = (typeof TOGETHER)[number];

/** Alerts of one request: the gateway takes no more at once. */
const AT_ONCE = 200;

/** Whether it would change anything. Nothing puts an emergency aside. */
export function applies(name: TogetherName, alert: Alert): boolean {
  if (alert.state === "closed") return false;
  switch (name) {
    case "acknowledge":
      return unacknowledged(alert);
    case "shelve":
      return alert.priority !== "emergency" && alert.shelved_until === null;
    case "unshelve":
      return alert.shelved_until !== null;
    case "reset":
      return alert.state === "latched";
    case "mark_false":
      return !alert.is_false && alert.false_proposed_by === null;
    case "comment":
    case "assign":
      return true;
  }
}

/** What is sent, in parts that the gateway takes. How often each has happened goes along: nobody
 * acknowledges what they have not seen. */
export function asked(action: Action, alerts: readonly Alert[]): Together[] {
  const chosen = alerts.map(({ id, occurrences }) => ({ id, occurrences }));
  const parts: Together[] = [];
  for (let start = 0; start < chosen.length; start += AT_ONCE)
    parts.push({
      alerts: chosen.slice(start, start + AT_ONCE),
      action: action as Together["action"],
    });
  return parts;
}

/** What became of alerts that were not asked for any more, because asking failed. */
function unsent({ alerts }: Together, why: unknown): EachActed[] {
  const code = why instanceof Problem ? why.code : "";
  return alerts.map(({ id }) => ({ id, alert: null, changed: false, code, detail: String(why) }));
}

/** `done` so far; `results` once all are known. */
export function useTogether() {
  const sending = ref(false);
  const done = ref(0);
  const results = shallowRef<readonly EachActed[] | null>(null);

  /** Do it to all; returns the results. One that is not done keeps none of the others back. */
  async function send(action: Action, alerts: readonly Alert[]): Promise<readonly EachActed[]> {
    sending.value = true;
    done.value = 0;
    const all: EachActed[] = [];
    let broken: unknown = null;
    for (const part of asked(action, alerts)) {
      if (broken === null)
        try {
          const { items } = await post<{ items: EachActed[] }>("/alerts/actions", part);
          take(...items.flatMap(({ alert }) => alert ?? []));
          all.push(...items);
        } catch (why) {
          broken = why;
        }
      if (broken !== null) all.push(...unsent(part, broken));
      done.value = all.length;
    }
    results.value = all;
    sending.value = false;
    return all;
  }

  return { sending, done, results, send };
}
