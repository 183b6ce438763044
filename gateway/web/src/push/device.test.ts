import { describe, expect, it } from "vitest";
import { bytesOf, can, EVERY_WISH, labelOf, WISHES, wishOf } from "@/push/device";

const IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1";
const MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15";

describe("a device", () => {
  it.each([
    ["Mozilla/5.0 (Linux; Android 15) Chrome/130.0 Mobile Safari/537.36", "Chrome, Android"],
    ["Mozilla/5.0 (Windows NT 10.0; Win64) Chrome/130.0 Safari/537.36 Edg/130.0", "Edge, Windows"],
    ["Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0", "Firefox, Linux"],
    [IPHONE, "Safari, iPhone"],
    ["something else", "?"],
  ])("is called what people call it: %s", (agent, label) => {
    expect(labelOf(agent)).toBe(label);
  });

  it("says why it cannot be told", () => {
    const device = { secure: true, able: false, agent: "", touch: 0 };
    expect(can({ ...device, able: true })).toBe("yes");
    expect(can({ ...device, able: true, secure: false })).toBe("insecure");
    expect(can({ ...device, agent: IPHONE })).toBe("ios");
    expect(can({ ...device, agent: MAC, touch: 5 })).toBe("ios");
    expect(can({ ...device, agent: MAC })).toBe("unsupported");
  });

  it("wants one of a few things", () => {
    for (const wish of EVERY_WISH) expect(wishOf(WISHES[wish])).toBe(wish);
    expect(wishOf(["high"])).toBe("high");
    expect(wishOf(["medium"])).toBe("all");
  });

  it("reads keys as browsers write them", () => {
    expect([...bytesOf("-_8B")]).toEqual([251, 255, 1]);
    expect([...bytesOf("AQ")]).toEqual([1]);
  });
});
