import { describe, expect, it } from "vitest";
import { turnstile } from "@/cameras/turnstile";

describe("pictures in line", () => {
  const line = (most: number, count: number) => {
    const enter = turnstile(most);
    const inside: number[] = [];
    const leave = Array.from({ length: count }, (_, n) => enter(() => inside.push(n)));
    return { inside, leave };
  };

  it("come so many at once, the others when one is done, in turn", () => {
    const { inside, leave } = line(2, 4);
    expect(inside).toEqual([0, 1]);
    leave[1]?.();
    expect(inside).toEqual([0, 1, 2]);
    leave[0]?.();
    expect(inside).toEqual([0, 1, 2, 3]);
  });

  it("that go out of sight while they wait are never asked for", () => {
    const { inside, leave } = line(1, 3);
    leave[1]?.();
    leave[0]?.();
    expect(inside).toEqual([0, 2]);
  });

  it("give their place back once, however often they leave", () => {
    const { inside, leave } = line(1, 3);
    leave[0]?.();
    leave[0]?.();
    expect(inside).toEqual([0, 1]);
  });
});
