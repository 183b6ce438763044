import { describe, expect, it } from "vitest";
import type { Export } from "@/api/types";
import { percent, sent, size, standing } from "@/exporting/exports";

const one = (changes: Partial<Export>): Export =>
  ({ state: "running", done: 0.5, rows: 5, count: 10, size: 0, ...changes }) as Export;

describe("an export", () => {
  it("is waited for until it is over", () => {
    expect(standing(one({ state: "waiting" }))).toBe(true);
    expect(standing(one({ state: "done" }))).toBe(false);
    expect(standing(one({ state: "cancelled" }))).toBe(false);
  });

  it("is never called whole before it is", () => {
    expect(percent(one({ done: 1 }))).toBe(99);
    expect(percent(one({ done: 1, state: "done" }))).toBe(100);
    expect(percent(one({ done: null }))).toBeNull();
  });

  it("tells its size in what people read", () => {
    expect(size(10)).toBe("1 KB");
    expect(size(3.5 * 1024 * 1024)).toBe("3.5 MB");
  });

  it("is asked for without the parameters that are not set", () => {
    expect(sent({ a: 0, b: null, c: "", d: undefined })).toEqual({ a: 0 });
  });
});
