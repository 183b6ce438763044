// Where acts lie until they are sent: this browser's database, or memory where there is none.
import type { Waiting } from "@/outbox/waiting";

export interface Shelf {
  /** Whether what lies here is still there after the page was closed. */
  readonly lasting: boolean;
  all(): Promise<Waiting[]>;
  put(one: Waiting): Promise<void>;
  /** Change one in a single step that no other page comes between; null takes it away. */
  change(key: string, how: (one: Waiting) => Waiting | null): Promise<Waiting | null>;
}

const DATABASE = "campus";
const STORE = "outbox";
/** Safari has been seen never to answer. */
const OPEN_WITHIN_MS = 5_000;

function answer<Value>(asked: IDBRequest<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error ?? new Error("the browser's database failed"));
  });
}

function finished(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = () => reject(transaction.error ?? new Error("the browser's database failed"));
    transaction.oncomplete = () => resolve();
    transaction.onerror = failed;
    transaction.onabort = failed;
  });
}

class DatabaseShelf implements Shelf {
  readonly lasting = true;

  constructor(private readonly database: IDBDatabase) {}

  all(): Promise<Waiting[]> {
    const store = this.database.transaction(STORE).objectStore(STORE);
    return answer(store.getAll() as IDBRequest<Waiting[]>);
  }

  async put(one: Waiting): Promise<void> {
    const transaction = this.begin();
    transaction.objectStore(STORE).put(one);
    await finished(transaction);
  }

  async change(key: string, how: (one: Waiting) => Waiting | null): Promise<Waiting | null> {
    const transaction = this.begin();
    const done = finished(transaction);
    const store = transaction.objectStore(STORE);
    const before = await answer(store.get(key) as IDBRequest<Waiting | undefined>);
    const after = before === undefined ? null : how(before);
    if (after !== null) store.put(after);
    else if (before !== undefined) store.delete(key);
    await done;
    return after;
  }

  /** Not told as done before it is on the disk: a phone's battery may give out. */
  private begin(): IDBTransaction {
    return this.database.transaction(STORE, "readwrite", { durability: "strict" });
  }
}

/** For a browser that keeps nothing, and for tests. */
export class MemoryShelf implements Shelf {
  readonly lasting = false;
  private readonly kept = new Map<string, Waiting>();

  all(): Promise<Waiting[]> {
    return Promise.resolve([...this.kept.values()]);
  }

  put(one: Waiting): Promise<void> {
    this.kept.set(one.key, one);
    return Promise.resolve();
  }

  change(key: string, how: (one: Waiting) => Waiting | null): Promise<Waiting | null> {
    const before = this.kept.get(key);
    const after = before === undefined ? null : how(before);
    if (after === null) this.kept.delete(key);
    else this.kept.set(key, after);
    return Promise.resolve(after);
  }
}

/** The browser's database; memory where it is forbidden or does not open. */
export async function openShelf(): Promise<Shelf> {
  try {
    const asked = indexedDB.open(DATABASE, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE, { keyPath: "key" });
    const late = new Promise<never>((_, reject) =>
      setTimeout(() => reject(new Error("the browser's database does not open")), OPEN_WITHIN_MS),
    );
    return new DatabaseShelf(await Promise.race([answer(asked), late]));
  } catch {
    return new MemoryShelf();
  }
}
