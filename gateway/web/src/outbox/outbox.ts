// The one queue of this page: what a person does is kept on the phone until the gateway has it.
import { computed, shallowRef, watch } from "vue";
import { act } from "@/api/client";
import { Queue } from "@/outbox/queue";
import type { Delivered } from "@/outbox/queue";
import { openShelf } from "@/outbox/shelf";
import { ATTEMPT_MS } from "@/outbox/waiting";
import type { Act, Waiting } from "@/outbox/waiting";
import { me } from "@/session/session";

const TOLD = "campus.outbox";

const all = shallowRef<Waiting[]>([]);
const listeners = new Set<(one: Waiting, answer: unknown) => void>();

/** What the person who is signed in has done and the gateway has not answered, oldest first. */
export const outbox = computed(() =>
  all.value.filter((one) => one.user === me.value?.name).sort((a, b) => a.made - b.made),
);
/** Whether it is still there after the page was closed. */
export const lasting = shallowRef(true);

/** A name that nothing else has. `crypto.randomUUID` is missing where the page is not on https. */
function name(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function begin(): Promise<Queue> {
  const shelf = await openShelf();
  lasting.value = shelf.lasting;
  const others = new BroadcastChannel(TOLD);
  const queue = new Queue({
    shelf,
    send: ({ method, path, body, key }) =>
      act(method, path, { body, key, timeoutMs: ATTEMPT_MS }),
    user: () => me.value?.name ?? null,
    now: () => Date.now(),
    name,
    chance: Math.random,
    changed(now) {
      all.value = now;
    },
    sent(one, answer) {
      for (const hear of listeners) hear(one, answer);
      others.postMessage("");
    },
  });
  others.onmessage = () => void queue.turn();
  window.addEventListener("online", () => void queue.hurry());
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) void queue.hurry();
  });
  watch(
    () => me.value?.name,
    () => void queue.turn(),
  );
  await queue.turn();
  return queue;
}

let begun: Promise<Queue> | null = null;
const queue = () => (begun ??= begin());

/** Take up what an earlier visit left. */
export function resumeOutbox(): void {
  void queue();
}

/** Do it: sent now, or kept and sent later. Throws what the gateway refused at once. */
export async function deliver(act: Act): Promise<Delivered> {
  // What a form holds is watched by Vue, and the browser's database takes no such thing.
  const plain = JSON.parse(JSON.stringify(act)) as Act;
  return (await queue()).add(plain);
}

export async function hurry(): Promise<void> {
  await (await queue()).hurry();
}

export async function drop(key: string): Promise<void> {
  await (await queue()).drop(key);
}

/** Hear of each act that the gateway took, also those of earlier visits; returns how to stop. */
export function onSent(hear: (one: Waiting, answer: unknown) => void): () => void {
  listeners.add(hear);
  return () => listeners.delete(hear);
}
