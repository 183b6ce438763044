import { describe, expect, it } from "vitest";
import { keptMute, left, MINUTES, mutedFor } from "@/sound/mute";

const NOW = 1_800_000_000_000;

describe("a muted screen", () => {
  it("is still muted when the page is loaded anew, until its time", () => {
    const until = mutedFor(15, NOW);
    expect(keptMute(String(until), NOW + 60_000)).toBe(until);
    expect(keptMute(String(until), until)).toBe(0);
  });

  it("is never muted for longer than may be chosen, whatever it kept", () => {
    expect(keptMute(String(mutedFor(30, NOW)), NOW - 1)).toBe(0);
    for (const kept of [null, "", "for ever", "1e99"]) expect(keptMute(kept, NOW)).toBe(0);
    expect(Math.max(...MINUTES)).toBe(30);
  });

  it("says what is left by the second", () => {
    expect(left(mutedFor(5, NOW), NOW)).toBe("5:00");
    expect(left(NOW + 61_001, NOW)).toBe("1:02");
    expect(left(NOW, NOW + 1)).toBe("0:00");
  });
});
