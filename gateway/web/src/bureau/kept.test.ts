// What is kept is bounded, and what is looked at stays.
import { expect, it } from "vitest";
import { Kept } from "@/bureau/kept";

it("forgets what was not looked at for the longest time", () => {
  const kept = new Kept<number>(2);
  kept.put("monday", 1);
  kept.put("tuesday", 2);
  expect(kept.get("monday")).toBe(1); // looked at: tuesday is the older one now
  kept.put("wednesday", 3);
  expect([kept.get("monday"), kept.get("tuesday"), kept.get("wednesday")]).toEqual([1, undefined, 3]);
});

it("holds a question once, with its last answer", () => {
  const kept = new Kept<number>(2);
  for (const answer of [1, 2, 3]) kept.put("monday", answer);
  kept.put("tuesday", 4);
  expect([kept.get("monday"), kept.get("tuesday")]).toEqual([3, 4]);
});
