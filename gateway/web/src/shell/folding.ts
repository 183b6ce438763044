// How far the header gives way. Measured and not guessed from the width of the window: words,
// counts and the marks that are lit differ in length by half a screen.
import { nextTick, onMounted, onScopeDispose, shallowRef } from "vue";
import type { Ref } from "vue";

type Group = "ways" | "tally" | "marks" | "own";

/** What gives way, the first first, and in which group of the header it stands. The emergencies,
 * the feed and the worst of what is wrong never do. */
const STEPS = [
  ["brand", "ways"], // the gateway's name
  ["person", "own"], // the person's name
  ["labels", "marks"], // what a sign says already: police link, feed, on duty
  ["words", "marks"], // beside a count; the names of those on duty
  ["zeros", "tally"], // counts of nothing
  ["language", "own"], // the switch; the settings have it, too
  ["sound", "own"], // the word beside the sign that it is not allowed
  ["worst", "marks"], // the word beside the shape of the worst
  ["rooms", "ways"], // all behind the one button
  ["clock", "marks"],
  ["others", "marks"], // of the police links, all but the worst
  ["low", "tally"], // the two lowest counts
  ["rate", "marks"], // of the feed; that it lives stays
] as const satisfies readonly (readonly [string, Group])[];
type Step = (typeof STEPS)[number][0];

const given = shallowRef<ReadonlySet<Step>>(new Set());

/** Whether this has given way; words that have are still spoken to those who listen. */
export const folds = (step: Step): boolean => given.value.has(step);

/** The least level that fits, looked for from where it stands; the last one fits or nothing does. */
export async function settled(
  from: number,
  last: number,
  fits: (level: number) => Promise<boolean>,
): Promise<number> {
  let at = from;
  if (await fits(at)) {
    while (at > 0 && (await fits(at - 1))) at -= 1;
    return at;
  }
  while (at < last) {
    at += 1;
    if (await fits(at)) return at;
  }
  return last;
}

/** Keep the header within its lines, whatever comes into it. Its children are the groups, each
 * with its name as a class. What gives way is hidden, not taken out: it would be taken for
 * something new when it comes back, and tried for ever. */
export function useFolding(header: Ref<HTMLElement | null>): void {
  let settling = Promise.resolve();
  const sizes = new ResizeObserver(() => {
    settling = settling.then(settle);
  });
  const marks = new MutationObserver(watchAll);

  /** The groups that share a line: what gives way in one of them helps the others. */
  function lines(): HTMLElement[][] {
    const found = new Map<number, HTMLElement[]>();
    for (const one of header.value?.children ?? []) {
      if (!(one instanceof HTMLElement) || one.offsetParent === null) continue;
      found.set(one.offsetTop, [...(found.get(one.offsetTop) ?? []), one]);
    }
    return [...found.values()];
  }

  async function settleLine(line: readonly HTMLElement[]): Promise<void> {
    const steps = STEPS.filter(([, group]) =>
      line.some((one) => one.classList.contains(group)),
    ).map(([step]) => step);
    const give = async (level: number) => {
      const others = [...given.value].filter((one) => !steps.includes(one));
      given.value = new Set([...others, ...steps.slice(0, level)]);
      await nextTick();
      return line.every((one) => one.scrollWidth <= one.clientWidth);
    };
    const first = steps.findIndex((one) => !folds(one));
    await give(await settled(first < 0 ? steps.length : first, steps.length, give));
  }

  /** Between two frames: nothing of what is tried is ever painted. */
  async function settle(): Promise<void> {
    for (const line of lines()) await settleLine(line);
  }

  /** A group does not grow with what is in it, so each mark is watched. */
  function watchAll(): void {
    sizes.disconnect();
    if (header.value === null) return;
    sizes.observe(header.value);
    for (const one of header.value.querySelectorAll(":scope > * > :not([popover])")) sizes.observe(one);
  }

  onMounted(() => {
    watchAll();
    for (const one of header.value?.children ?? []) marks.observe(one, { childList: true });
  });
  onScopeDispose(() => {
    sizes.disconnect();
    marks.disconnect();
  });
}
