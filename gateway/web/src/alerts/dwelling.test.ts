import { describe, expect, it } from "vitest";
import type { Alert } from "@/api/types";
import { DWELL_MS, inView, NOTHING_IN_VIEW } from "@/alerts/dwelling";

const alert = (id: number, change: Partial<Alert> = {}): Alert =>
  ({ id, state: "unacknowledged", priority: "medium", condition: "tamper", ...change }) as Alert;
const seen = { id: 1, since: 1_000 };

describe("the alert in view by itself", () => {
  it("stays a while when one as urgent comes, then the new one is shown", () => {
    expect(inView(seen, alert(2), alert(1), 1_001)).toBe(seen);
    const later = 1_000 + DWELL_MS;
    expect(inView(seen, alert(2), alert(1), later)).toEqual({ id: 2, since: later });
  });

  it("gives way at once to what is more urgent, and to every emergency", () => {
    expect(inView(seen, alert(2, { priority: "high" }), alert(1), 1_001).id).toBe(2);
    const emergency = { priority: "emergency" } as const;
    expect(inView(seen, alert(2, emergency), alert(1, emergency), 1_001).id).toBe(2);
  });

  it("gives way at once when somebody has taken it", () => {
    expect(inView(seen, alert(2), alert(1, { state: "acknowledged" }), 1_001).id).toBe(2);
    expect(inView(seen, alert(2), undefined, 1_001).id).toBe(2);
  });

  it("is none when nothing waits", () => {
    expect(inView(seen, undefined, alert(1), 1_001)).toEqual({ id: null, since: 1_001 });
    expect(inView(NOTHING_IN_VIEW, undefined, undefined, 5)).toBe(NOTHING_IN_VIEW);
    expect(inView(NOTHING_IN_VIEW, alert(1), undefined, 5)).toEqual({ id: 1, since: 5 });
  });
});
