// What arrives in one go is taken in in one go: a page that has fallen behind would fall further
// behind if it drew itself anew for each of the frames that wait.

export type Gathering<T> = {
  /** Take these in as soon as the page has dealt with what has arrived already. */
  readonly add: (some: readonly T[]) => void;
  /** Take in at once what waits. */
  readonly flush: () => void;
};

/** Collects until the turn after this one. A timer would do; hidden pages run theirs once a second,
 * and an alarm has to sound there, too. */
export function gathering<T>(take: (all: T[]) => void): Gathering<T> {
  let waiting: T[] = [];
  let turn: MessageChannel | undefined;

  function flush(): void {
    if (waiting.length === 0) return;
    const all = waiting;
    waiting = [];
    take(all);
  }

  function add(some: readonly T[]): void {
    if (some.length === 0) return;
    if (turn === undefined) {
      turn = new MessageChannel();
      turn.port1.onmessage = flush;
    }
    if (waiting.length === 0) turn.port2.postMessage(null);
    waiting = waiting.concat(some);
  }

  return { add, flush };
}
