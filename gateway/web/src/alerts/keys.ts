// The keys of the control room.
import { onMounted, onUnmounted, ref } from "vue";
import { recall, remember } from "@/words/memory";
import type { Key } from "@/words/words";

export const KEYS: readonly [keys: string, word: Key][] = [
  ["J", "page.keys.next"],
  ["K", "page.keys.previous"],
  ["Enter", "page.keys.enter"],
  ["X", "page.keys.pick"],
  ["Shift+J · Shift+K", "page.keys.stretch"],
  ["Ctrl+A", "page.keys.pick_all"],
  ["Esc", "page.keys.clear"],
  ["C", "action.comment"],
  ["A", "action.assign"],
  ["S", "action.shelve"],
  ["G", "page.keys.group"],
  ["← · →", "page.keys.fold"],
  ["F", "page.keys.filter"],
  ["M", "page.keys.mute"],
  ["/", "page.keys.search"],
  ["?", "page.keys.all"],
];

/** Whether letters and signs are keys here. Who speaks to the computer, or strikes keys unmeant, can
 * do without them (WCAG 2.2, 2.1.4); Enter, Escape, arrows and what is held with Ctrl remain. */
export const letters = ref(recall("letters") !== "off");

export function keepLetters(wanted: boolean): void {
  letters.value = wanted;
  remember("letters", wanted ? "on" : "off");
}

/** Elements that want the keys for themselves. */
const TYPING = "input, select, textarea, [contenteditable], dialog";
/** Elements that Enter presses. */
const PRESSABLE = "button, a, summary";

/** What a key is called: `j`, `Enter`, `shift+j`, `ctrl+a`. A sign that wants shift is its own name. */
export function nameOf(event: Pick<KeyboardEvent, "key" | "shiftKey" | "ctrlKey" | "metaKey">): string {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const letter = key.length > 1 || /[a-z]/.test(key);
  const shift = event.shiftKey && letter ? "shift+" : "";
  return (event.ctrlKey || event.metaKey ? "ctrl+" : "") + shift + key;
}

/** Whether a key is struck by a single letter or sign. */
export const isLetter = (event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey">): boolean =>
  event.key.length === 1 && !event.ctrlKey && !event.metaKey;

/** Call `acts[key]` for each key pressed outside of fields and dialogs. */
export function useKeys(acts: Readonly<Record<string, () => void>>): void {
  const pressed = (event: KeyboardEvent) => {
    if (event.altKey || event.isComposing) return;
    if (!letters.value && isLetter(event)) return;
    const on = event.target instanceof Element ? event.target : document.body;
    if (on.closest(TYPING) !== null || document.querySelector("dialog[open], :popover-open") !== null) return;
    if (event.key === "Enter" && (event.repeat || on.closest(PRESSABLE) !== null)) return;
    const act = acts[nameOf(event)];
    if (act === undefined) return;
    event.preventDefault();
    act();
  };
  onMounted(() => window.addEventListener("keydown", pressed));
  onUnmounted(() => window.removeEventListener("keydown", pressed));
}
