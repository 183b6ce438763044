// Reasons are told once for all devices that they are said of, and in words of people.
import { describe, expect, it } from "vitest";
import { inputsOf, together } from "@/bureau/reasons";
import type { Reason } from "@/bureau/shapes";

const reason = (code: string, device: string, more: Partial<Reason> = {}): Reason => ({
  code,
  part: "working",
  verdict: "failed",
  device,
  device_name: null,
  link: "",
  due: null,
  place: "",
  place_name: null,
  since: null,
  evidence: 1,
  inputs: {},
  pending: false,
  ...more,
});

describe("reasons", () => {
  it("of the same kind are one sentence with all its devices, pending ones apart", () => {
    const said = together([
      reason("fault", "camera-1"),
      reason("fault", "camera-2"),
      reason("missing", "camera-3"),
      reason("fault", "camera-4", { pending: true }),
      reason("fault", "camera-5"),
    ]);
    expect(said.map(({ reasons }) => reasons.map((one) => one.device))).toEqual([
      ["camera-1", "camera-2", "camera-5"],
      ["camera-3"],
      ["camera-4"],
    ]);
  });

  it("name what their inputs name, and tell numbers with their separators", () => {
    const told = inputsOf(reason("x", "y", { inputs: { kind: "nobody-knows", lacking: "files guards", needed: 1200 } }));
    expect(told).toMatchObject({ kind: "nobody-knows", lacking: "files、guards" });
    expect(told.needed).toMatch(/^1.?200$/);
  });
});
