// Answers about the past, kept: whoever moves a slider to and fro asks for each day once. What was
// known at a past instant does not change, so none of them grows old.

export class Kept<Answer> {
  readonly #most: number;
  readonly #answers = new Map<string, Answer>();

  /** Holds `most` answers; what was not looked at for the longest time goes first. */
  constructor(most: number) {
    this.#most = most;
  }

  get(question: string): Answer | undefined {
    const found = this.#answers.get(question);
    if (found !== undefined) {
      this.#answers.delete(question);
      this.#answers.set(question, found);
    }
    return found;
  }

  put(question: string, answer: Answer): void {
    this.#answers.delete(question);
    this.#answers.set(question, answer);
    for (const oldest of this.#answers.keys()) {
      if (this.#answers.size <= this.#most) break;
      this.#answers.delete(oldest);
    }
  }
}
