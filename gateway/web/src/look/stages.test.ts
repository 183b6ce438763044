import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { effectScope, nextTick, ref } from "vue";
import { drawn, useStages } from "@/look/stages";

let frames: FrameRequestCallback[] = [];

/** The next frame, and what was to come after it. */
async function frame(): Promise<void> {
  const now = frames;
  frames = [];
  for (const one of now) one(0);
  await new Promise((after) => setTimeout(after, 1));
}

beforeEach(() => {
  frames = [];
  vi.stubGlobal("requestAnimationFrame", (one: FrameRequestCallback) => frames.push(one));
  vi.stubGlobal("window", { setTimeout });
  vi.stubGlobal("document", { hidden: false });
});
afterEach(() => vi.unstubAllGlobals());

describe("what comes a frame later", () => {
  it("comes in turn, one with each frame", async () => {
    const done: string[] = [];
    for (const name of ["row", "detail", "list"]) void drawn().then(() => done.push(name));
    expect(done).toEqual([]);
    await frame();
    expect(done).toEqual(["row"]);
    await frame();
    await frame();
    expect(done).toEqual(["row", "detail", "list"]);
    expect(frames).toEqual([]);
  });

  it("comes at once where no frames come", async () => {
    vi.stubGlobal("document", { hidden: true });
    await drawn();
  });
});

describe("stages", () => {
  it("come one by one, and begin anew with what they are of", async () => {
    const of = ref(1);
    const scope = effectScope();
    const stage = scope.run(() => useStages(() => of.value, 2));
    expect(stage?.value).toBe(0);
    await frame();
    expect(stage?.value).toBe(1);
    of.value = 2;
    await nextTick();
    expect(stage?.value).toBe(0);
    for (let n = 0; n < 4; n += 1) await frame();
    expect(stage?.value).toBe(2);
    scope.stop();
  });
});
