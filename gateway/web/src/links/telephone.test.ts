import { describe, expect, it } from "vitest";
import { dialling } from "@/links/telephone";

describe("a telephone number", () => {
  it("is dialled by a tap, however it is grouped", () => {
    expect(["110", "0571-5550110", "+86 571 5550110"].map(dialling)).toEqual([
      "tel:110", "tel:0571-5550110", "tel:+865715550110",
    ]);
  });

  it("is not dialled when words stand beside it: a phone would take the digits alone", () => {
    expect(["110 (demonstration)", "演示110", "", "see the plan"].map(dialling)).toEqual([
      undefined, undefined, undefined, undefined,
    ]);
  });
});
