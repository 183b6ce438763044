// The keys of the control room.
import { onMounted, onUnmounted } from "vue";
import type { Key } from "@/words/words";

export const KEYS: readonly [keys: string, word: Key][] = [
  ["J", "page.keys.next"],
  ["K", "page.keys.previous"],
  ["Enter", "page.keys.enter"],
  ["C", "action.comment"],
  ["A", "action.assign"],
  ["S", "action.shelve"],
  ["M", "page.sound.mute"],
  ["/", "page.keys.search"],
  ["?", "page.keys.all"],
];

/** Elements that want the keys for themselves. */
const TYPING = "input, select, textarea, [contenteditable], dialog";
/** Elements that Enter presses. */
const PRESSABLE = "button, a, summary";

/** Call `acts[key]` for each key pressed outside of fields and dialogs. */
export function useKeys(acts: Readonly<Record<string, () => void>>): void {
  const pressed = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const on = event.target instanceof Element ? event.target : document.body;
    if (on.closest(TYPING) !== null || document.querySelector("dialog[open]") !== null) return;
    if (event.key === "Enter" && (event.repeat || on.closest(PRESSABLE) !== null)) return;
    const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  };
  onMounted(() => window.addEventListener("keydown", pressed));
  onUnmounted(() => window.removeEventListener("keydown", pressed));
}
