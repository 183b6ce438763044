import { describe, expect, it } from "vitest";
import { EMPTY } from "@/alerts/ordering";
import type { Group, Layout, Section } from "@/alerts/ordering";
import { foldKey, headOver, inSight, lineAt, newAbove, sheetOf, steady } from "@/alerts/sheet";

const HEIGHTS = { section: 30, group: 20, alert: 50, calm: 80 };
const BOTH = new Set<Section>(["unacknowledged", "acknowledged"]);

function layout(unacknowledged: Group[], acknowledged: Group[] = []): Layout {
  return { ...EMPTY, unacknowledged, acknowledged };
}
const plain = (...ids: number[]): Group[] => (ids.length > 0 ? [{ key: "", ids }] : []);
const sheet = (of: Layout, folded = new Set<string>(), open = BOTH) =>
  sheetOf(of, { open, folded }, HEIGHTS);

describe("the sheet of the list", () => {
  it("puts each line where those above it end", () => {
    const { tops, ids } = sheet(layout([...plain(1), { key: "a", ids: [2, 3] }], plain(4)));
    expect(tops).toEqual([0, 30, 80, 100, 150, 200, 230, 280]);
    expect(ids).toEqual([1, 2, 3, 4]);
  });

  it("counts alerts through all sections, as those hear it who cannot see it", () => {
    const { lines } = sheet(layout(plain(7, 8), plain(9)));
    expect(lines.flatMap((one) => (one.kind === "alert" ? [one.position] : []))).toEqual([1, 2, 3]);
  });

  it("says that all is well where nothing waits, and leaves out empty sections", () => {
    expect(sheet(EMPTY).lines.map(({ kind }) => kind)).toEqual(["section", "calm"]);
  });

  it("leaves out what is folded away, and keeps its head", () => {
    const group = { key: "a", ids: [2, 3] };
    const folded = sheet(layout([group], plain(4)), new Set([foldKey("unacknowledged", group)]));
    expect(folded.ids).toEqual([4]);
    expect(folded.lines.filter(({ kind }) => kind === "group")).toHaveLength(1);
    expect(sheet(layout(plain(1), plain(4)), new Set(), new Set(["acknowledged"])).ids).toEqual([4]);
  });

  it("draws what is in sight and a little more, of thousands", () => {
    const long = sheet(layout(plain(...Array.from({ length: 5_000 }, (_, n) => n))));
    expect(inSight(long, 30 + 100 * 50, 500, 3)).toEqual([98, 115]);
    expect(inSight(long, 0, 500, 3)).toEqual([0, 14]);
    expect(inSight(long, 1e9, 500, 3)[1]).toBe(5_001);
  });

  it("finds the line at each height", () => {
    const one = sheet(layout(plain(1, 2)));
    expect([0, 29, 30, 79, 80, 500].map((y) => lineAt(one, y))).toEqual([0, 0, 1, 1, 2, 2]);
  });

  it("keeps the head of what is read in sight", () => {
    const one = sheet(layout([{ key: "a", ids: [1, 2] }]));
    expect(headOver(one, 0)).toBeNull();
    expect(headOver(one, 10)).toMatchObject({ kind: "section" });
    expect(headOver(one, 60)).toMatchObject({ kind: "group" });
  });
});

describe("when new alerts push in", () => {
  const last = sheet(layout(plain(1, 2, 3, 4)));
  const next = sheet(layout(plain(8, 9, 1, 2, 3, 4)));

  it("what is read stays where it is on the screen", () => {
    expect(steady(last, next, 130)).toBe(230);
  });

  it("whoever looks at the top sees them", () => {
    expect(steady(last, next, 0)).toBe(0);
  });

  it("the next alert holds the place of one that went", () => {
    expect(steady(last, sheet(layout(plain(8, 1, 3, 4))), 90)).toBe(90);
  });

  it("those above what is read are counted", () => {
    expect(newAbove(next, 230, (id) => id > 7)).toEqual([8, 9]);
    expect(newAbove(next, 40, (id) => id > 7)).toEqual([]);
  });
});
