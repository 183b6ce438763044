import { effectScope, nextTick, ref } from "vue";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { useShown } from "@/look/shown";

const EVERY_MS = 1_000;

/** A gateway that answers when the test says so. */
function gateway() {
  const asked: { name: string; answer: (text: string) => Promise<void>; fail: () => Promise<void> }[] = [];
  const ask = (name: string) =>
    new Promise<string>((resolve, reject) => {
      const settled = (act: () => void) => async () => {
        act();
        await vi.advanceTimersByTimeAsync(0);
      };
      asked.push({
        name,
        answer: (text) => settled(() => resolve(text))(),
        fail: settled(() => reject(new Error("gone"))),
      });
    });
  return { asked, ask };
}

describe("what a page shows", () => {
  const scope = effectScope(true);
  const shows = (name = ref("a")) => {
    const { asked, ask } = gateway();
    const one = scope.run(() => useShown(() => name.value, () => ask(name.value), EVERY_MS));
    if (one === undefined) throw new Error("the scope is over");
    return { ...one, asked, name };
  };

  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("window", globalThis);
    vi.stubGlobal("document", { hidden: false });
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("is never an older answer in place of a newer one", async () => {
    const { shown, asked, load } = shows();
    void load();
    await asked[1]?.answer("new");
    await asked[0]?.answer("old");
    expect(shown.value).toBe("new");
  });

  it("is never an answer about the thing that was shown before", async () => {
    const { shown, asked, name } = shows();
    name.value = "b";
    await nextTick();
    await asked[0]?.answer("about a");
    expect(shown.value).toBeNull();
    await asked[1]?.answer("about b");
    expect([asked[1]?.name, shown.value]).toEqual(["b", "about b"]);
  });

  it("keeps what an act has answered before a question that was asked earlier", async () => {
    const { shown, asked, take } = shows();
    take("done");
    await asked[0]?.answer("not done");
    expect(shown.value).toBe("done");
  });

  it("stays in sight, with the reason, while the gateway does not answer", async () => {
    const { shown, problem, asked } = shows();
    await asked[0]?.answer("here");
    await vi.advanceTimersByTimeAsync(EVERY_MS);
    await asked[1]?.fail();
    expect([shown.value, problem.value]).toEqual(["here", new Error("gone")]);
    await vi.advanceTimersByTimeAsync(EVERY_MS);
    await asked[2]?.answer("back");
    expect([shown.value, problem.value]).toEqual(["back", null]);
  });

  it("is asked for once at a time, however slow the answer", async () => {
    const { shown, asked } = shows();
    await vi.advanceTimersByTimeAsync(5 * EVERY_MS);
    expect(asked).toHaveLength(1);
    await asked[0]?.answer("late");
    expect(shown.value).toBe("late");
  });
});
