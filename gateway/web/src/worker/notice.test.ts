import { describe, expect, it } from "vitest";
import type { Notice } from "./notice";
import { noticeOf, placeOf, shownAs } from "./notice";

const EMERGENCY: Notice = {
  kind: "alert",
  tag: "alert-7",
  title: "■ Emergency",
  body: "Gate 1",
  url: "/alerts/7",
  lang: "en",
  priority: "emergency",
  again: true,
  at: 5,
};

describe("a push message", () => {
  it("is a notification that sounds again and stays, when it is an emergency", () => {
    expect(noticeOf(JSON.parse(JSON.stringify(EMERGENCY)))).toEqual(EMERGENCY);
    const shown = shownAs(EMERGENCY);
    expect(shown).toMatchObject({ tag: "alert-7", renotify: true, silent: false, requireInteraction: true });
    expect(shown.data).toEqual({ url: "/alerts/7" });
  });

  it("replaces it without a sound when nobody has to act any more", () => {
    const shown = shownAs({ ...EMERGENCY, kind: "end", again: false });
    expect(shown).toMatchObject({ tag: "alert-7", renotify: false, silent: true, requireInteraction: false });
    expect(shown.vibrate).toBeUndefined();
  });

  it.each([null, 7, "text", {}, { ...EMERGENCY, title: 7 }, { ...EMERGENCY, again: "yes" }, { ...EMERGENCY, at: "5" }])(
    "that says %j is not understood",
    (said) => {
      expect(noticeOf(said)).toBeNull();
    },
  );

  it("never leads out of the page", () => {
    const here = "https://campus.example";
    expect(placeOf("/alerts/7?x=1", here)).toBe("/alerts/7?x=1");
    for (const url of ["https://evil.example/a", "//evil.example", "javascript:alert(1)", undefined, 7])
      expect(placeOf(url, here)).toBe("/");
  });
});
