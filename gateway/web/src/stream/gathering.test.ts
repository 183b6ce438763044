import { describe, expect, it } from "vitest";
import { gathering } from "@/stream/gathering";

const turn = () => new Promise((done) => setTimeout(done, 5));

describe("what arrives in one go", () => {
  it("is taken in once, in order", async () => {
    const taken: number[][] = [];
    const { add } = gathering<number>((all) => taken.push(all));
    add([1, 2]);
    add([3]);
    expect(taken).toEqual([]);
    await turn();
    expect(taken).toEqual([[1, 2, 3]]);
  });

  it("is taken in at once where its order with something else counts, and not again", async () => {
    const taken: number[][] = [];
    const { add, flush } = gathering<number>((all) => taken.push(all));
    add([1]);
    flush();
    expect(taken).toEqual([[1]]);
    await turn();
    expect(taken).toEqual([[1]]);
  });

  it("keeps what comes while it is taken in for the next turn", async () => {
    const taken: number[][] = [];
    const { add } = gathering<number>((all) => {
      taken.push(all);
      if (all[0] === 1) add([2]);
    });
    add([1]);
    await turn();
    expect(taken).toEqual([[1], [2]]);
  });
});
