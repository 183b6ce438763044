import { describe, expect, it } from "vitest";
import type { Alert, Flood } from "@/api/types";
import { keysBy } from "@/alerts/grouping";

const alert = (change: Partial<Alert> = {}): Alert =>
  ({
    priority: "medium",
    school: "no3",
    device: { kind: "smoke" },
    condition: "battery_low",
    raised: 100,
    scope: "",
    victims: 0,
    ...change,
  }) as Alert;
const flood = { school: "no3", since: 50, first: 1, count: 12 } as unknown as Flood;

describe("the group of an alert", () => {
  it("is its school or the kind of its device", () => {
    expect(keysBy("school", [])(alert())).toBe("school:no3");
    expect(keysBy("kind", [])(alert())).toBe("kind:smoke");
    expect(keysBy("none", [])(alert())).toBe("");
  });

  it("is the flood that it is part of", () => {
    const key = keysBy("cause", [flood]);
    expect(key(alert())).toBe("flood:no3");
    expect(key(alert({ raised: 49 }))).toBe("condition:battery_low");
    expect(key(alert({ school: "no5" }))).toBe("condition:battery_low");
  });

  it("is the flood of all schools where only all together have too many", () => {
    const key = keysBy("cause", [{ ...flood, school: "" }]);
    expect(key(alert())).toBe("flood:");
    expect(key(alert({ school: "no5" }))).toBe("flood:");
    expect(key(alert({ school: "no5", raised: 49 }))).toBe("condition:battery_low");
    expect(key(alert({ priority: "emergency" }))).toBe("");
  });

  it("is a common cause where it keeps others from being heard", () => {
    expect(keysBy("cause", [flood])(alert({ victims: 40 }))).toBe("common:");
    expect(keysBy("cause", [flood])(alert({ scope: "school" }))).toBe("common:");
  });

  it("is none for an emergency, whatever is grouped by", () => {
    for (const by of ["school", "kind", "cause"] as const)
      expect(keysBy(by, [flood])(alert({ priority: "emergency" }))).toBe("");
  });
});
