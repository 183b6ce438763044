// The open alerts this screen knows: loaded once, then kept by the stream.
import { computed, ref, shallowReadonly, shallowRef } from "vue";
import { get } from "@/api/client";
import type { Alert, Page, PriorityName, StreamEntry } from "@/api/types";
import { pressing, rank, sectionOf } from "@/alerts/ordering";

const PAGE = 500;
/** More open alerts than anybody can work through; the counts in the header hold all. */
const MOST = 10_000;

/** Never changed in place: whoever watches it compares by identity. */
const book = shallowRef<ReadonlyMap<number, Alert>>(new Map());

export const alerts = shallowReadonly(book);
export const loading = ref(true);
export const trouble = shallowRef<unknown>(null);
export const more = ref(false);

/** The most urgent of what nobody has acknowledged; `louder` once a step of the escalation asked. */
export type Call = { readonly priority: PriorityName; readonly louder: boolean };

/** What waits for somebody: looked through once for each change, whoever asks. */
const waiting = computed(() => {
  const emergencies: Alert[] = [];
  let call: Call | null = null;
  for (const alert of book.value.values()) {
    if (alert.state === "closed" || sectionOf(alert) !== "unacknowledged") continue;
    if (pressing(alert)) emergencies.push(alert);
    const ahead = call === null ? 1 : rank(call.priority) - rank(alert.priority);
    if (ahead > 0 || (ahead === 0 && alert.louder && !call?.louder))
      call = { priority: alert.priority, louder: alert.louder };
  }
  return { emergencies, call };
});
/** Emergencies that nobody has acknowledged. */
export const emergencies = computed<readonly Alert[]>((last) => {
  const { emergencies: found } = waiting.value;
  return last?.length === found.length && found.every((one, at) => one === last[at]) ? last : found;
});
/** What screens repeat the figure of; null: nothing waits. */
export const calling = computed<Call | null>((last) => {
  const { call } = waiting.value;
  const same = last?.priority === call?.priority && last?.louder === call?.louder;
  return same ? (last ?? null) : call;
});

/** What came in since the list was last asked for; null while none is. */
let meanwhile: Map<number, Alert> | null = null;

/** When each alert first came to this screen, for the mark of new ones. */
const arrivals = new Map<number, number>();
export const arrivedAt = (id: number): number | undefined => arrivals.get(id);

/** Whether an alert changes what is known: versions only grow. */
function newer(alert: Alert, known: ReadonlyMap<number, Alert>): boolean {
  return alert.version > (known.get(alert.id)?.version ?? 0);
}

/** Take in alerts that the answer to an action brought. */
export function take(...changed: readonly Alert[]): void {
  put(changed);
}

/** Take in what the stream brought. Closed ones stay until `forget`: their rows may be held. */
export function fold(entries: readonly StreamEntry[], now: number): void {
  const known = book.value;
  put(entries.map(({ alert }) => alert));
  for (const { alert } of entries)
    if (!known.has(alert.id) && book.value.has(alert.id)) arrivals.set(alert.id, now);
}

/** The closed ones may go: with the next change, as each change already makes the book anew. */
let letGo = false;

function put(changed: readonly Alert[]): void {
  const next = letGo ? onlyOpen() : new Map(book.value);
  for (const alert of changed) {
    if (!newer(alert, next) || (alert.state === "closed" && !next.has(alert.id))) continue;
    next.set(alert.id, alert);
    meanwhile?.set(alert.id, alert);
  }
  book.value = next;
}

function onlyOpen(): Map<number, Alert> {
  letGo = false;
  const open = new Map([...book.value].filter(([, alert]) => alert.state !== "closed"));
  for (const id of arrivals.keys()) if (!open.has(id)) arrivals.delete(id);
  return open;
}

/** Let go of the alerts that are closed, with the next change. */
export function forget(): void {
  letGo = true;
}

/** Load all open alerts anew. What comes in while they are loaded is newer than the list. */
export async function load(): Promise<void> {
  const mine = (meanwhile = new Map<number, Alert>());
  try {
    const found = new Map<number, Alert>();
    let cursor: string | null = null;
    do {
      const page: Page<Alert> = await get("/alerts", { state: "open", limit: PAGE, cursor });
      for (const alert of page.items) found.set(alert.id, alert);
      cursor = page.next ?? null;
    } while (cursor !== null && found.size < MOST);
    if (mine !== meanwhile) return; // a later loading is under way
    more.value = cursor !== null;
    for (const alert of mine.values()) if (newer(alert, found)) found.set(alert.id, alert);
    book.value = found;
    trouble.value = null;
  } catch (problem) {
    trouble.value = problem;
  } finally {
    loading.value = false;
    if (mine === meanwhile) meanwhile = null;
  }
}
