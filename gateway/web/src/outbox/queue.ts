// Sends acts until the gateway has answered each: in order, again after a failure, none twice.
import { Problem } from "@/api/client";
import type { Shelf } from "@/outbox/shelf";
import { failed, made, ready, taken, wake } from "@/outbox/waiting";
import type { Act, Refusal, Waiting } from "@/outbox/waiting";

/** How long the one who acted waits for an answer before being told that it waits to be sent. */
const PATIENCE_MS = 4_000;

/** How long a page sleeps at most; another page may have left something. */
const LONGEST_SLEEP_MS = 30_000;

export type Delivered =
  | { readonly state: "sent"; readonly key: string; readonly answer: unknown }
  | { readonly state: "waiting"; readonly key: string };

type Surroundings = {
  shelf: Shelf;
  send: (one: Waiting) => Promise<unknown>;
  /** Who is signed in; null = nobody, nothing is sent. */
  user: () => string | null;
  now: () => number;
  /** A name that nothing else has. */
  name: () => string;
  chance: () => number;
  changed: (all: Waiting[]) => void;
  sent: (one: Waiting, answer: unknown) => void;
};

type Asker = { resolve: (delivered: Delivered) => void; reject: (why: unknown) => void };

export class Queue {
  private readonly me: string;
  private readonly askers = new Map<string, Asker>();
  private readonly underWay = new Set<string>();
  private sleeping: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly around: Surroundings) {
    this.me = around.name();
  }

  /**
   * Keep an act and send it. Answers when the gateway did, or "waiting" when that takes long.
   * Throws what the gateway refused at once; the act is forgotten then, whoever asked knows.
   */
  async add(act: Act): Promise<Delivered> {
    const { shelf, user, now, name } = this.around;
    const key = name();
    const one = made(act, key, user() ?? "", now());
    try {
      await shelf.put(one);
    } catch {
      // A full phone keeps nothing: it is sent now or not at all, and whoever acted is told.
      return { state: "sent", key, answer: await this.around.send(one) };
    }
    const first = new Promise<Delivered>((resolve, reject) => {
      this.askers.set(key, { resolve, reject });
      setTimeout(() => this.tell(key, { state: "waiting", key }), PATIENCE_MS);
    });
    await this.turn();
    return first;
  }

  /** Try those that wait now, whatever their pause: the network is back, or somebody pressed. */
  async hurry(): Promise<void> {
    const now = this.around.now();
    for (const one of await this.around.shelf.all())
      if (one.state === "waiting" && one.next > now)
        await this.around.shelf.change(one.key, (kept) => ({ ...kept, next: now }));
    await this.turn();
  }

  /** Forget one: read, or no longer wanted. One that is under way is not forgotten. */
  async drop(key: string): Promise<void> {
    const now = this.around.now();
    await this.around.shelf.change(key, (one) => (one.held > now ? one : null));
    await this.turn();
  }

  /** Send all that can be sent now and look again when the next one is due. */
  async turn(): Promise<void> {
    const { shelf, user, now } = this.around;
    const who = user();
    const all = await shelf.all();
    this.around.changed(all);
    clearTimeout(this.sleeping);
    if (who === null) return;
    const going = ready(all, who, now()).filter((one) => !this.underWay.has(one.key));
    for (const one of going) void this.attempt(one.key);
    const next = wake(all, who);
    if (next !== null) {
      const wait = Math.min(LONGEST_SLEEP_MS, Math.max(50, next - now()));
      this.sleeping = setTimeout(() => void this.turn(), wait);
    }
  }

  private async attempt(key: string): Promise<void> {
    const { shelf, now, chance } = this.around;
    this.underWay.add(key);
    try {
      const mine = await shelf.change(key, (one) => taken(one, this.me, now()));
      if (mine === null || mine.state !== "waiting" || mine.holder !== this.me) return;
      this.around.changed(await shelf.all());
      try {
        const answer = await this.around.send(mine);
        await shelf.change(key, () => null);
        this.around.sent(mine, answer);
        this.tell(key, { state: "sent", key, answer });
      } catch (why) {
        const refusal = refusalOf(why);
        const after = await shelf.change(key, (one) => failed(one, refusal, now(), chance()));
        const asker = this.askers.get(key);
        if (after?.state === "refused" && asker !== undefined) {
          await shelf.change(key, () => null);
          this.askers.delete(key);
          asker.reject(why);
        } else this.tell(key, { state: "waiting", key });
      }
    } catch {
      // What lies on the shelf could not be changed: the phone is full. At once it would not do
      // better, and this would go round and round.
      this.tell(key, { state: "waiting", key });
      await new Promise((later) => setTimeout(later, LONGEST_SLEEP_MS));
    } finally {
      this.underWay.delete(key);
      await this.turn();
    }
  }

  private tell(key: string, delivered: Delivered): void {
    this.askers.get(key)?.resolve(delivered);
    this.askers.delete(key);
  }
}

function refusalOf(why: unknown): Refusal {
  if (why instanceof Problem) return { status: why.status, code: why.code, detail: why.detail };
  return { status: 0, code: "", detail: String(why) };
}
