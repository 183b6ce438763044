import { describe, expect, it } from "vitest";
import type { Alert, ReportDue } from "@/api/types";
import { keyOf, ticking, waitingReports } from "@/response/reporting";

function report(form: ReportDue["form"], due: number, done: number | null = null): ReportDue {
  return { form, due, done_at: done, by: "", to: "" };
}

function alert(id: number, ...reports: ReportDue[]): Alert {
  return { id, reports } as Alert;
}

describe("reports that wait", () => {
  it("come in the order in which they are due, whatever alert they are of", () => {
    const waiting = waitingReports([
      alert(1, report("telephone", 30), report("written", 60)),
      alert(2, report("telephone", 20), report("written", 50)),
    ]);
    expect(waiting.map(keyOf)).toEqual(["2/telephone", "1/telephone", "2/written", "1/written"]);
  });

  it("leave out what somebody has signed for", () => {
    const waiting = waitingReports([
      alert(1, report("telephone", 30, 12), report("written", 60)),
      alert(2),
    ]);
    expect(waiting.map(keyOf)).toEqual(["1/written"]);
  });
});

describe("the time that is left", () => {
  it("is read as a clock", () => {
    expect(ticking(29 * 60_000 + 37_000)).toBe("29:37");
    expect(ticking(500)).toBe("0:01");
    expect(ticking(0)).toBe("0:00");
    expect(ticking(3_899_000)).toBe("1:04:59");
  });

  it("counts up once it is over", () => {
    expect(ticking(-61_000)).toBe("1:01");
  });
});
