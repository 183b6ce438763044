// Light, dark, or as the system says.
import { ref } from "vue";
import { recall, remember } from "@/words/memory";

export type Theme = "auto" | "light" | "dark";
export const THEMES: readonly Theme[] = ["auto", "light", "dark"];

/** What the browser, or the phone, puts around the page. */
const BARS = { light: "#e4e6e8", dark: "#15181b" } as const;

const kept = recall("theme");
export const theme = ref<Theme>(kept === "light" || kept === "dark" ? kept : "auto");

export function wear(wanted: Theme): void {
  theme.value = wanted;
  remember("theme", wanted);
  show();
}

/** Put the theme on the document; also called before the first paint. */
export function show(): void {
  for (const bar of document.querySelectorAll<HTMLMetaElement>('meta[name="theme-color"]')) {
    const system = bar.media.includes("dark") ? "dark" : "light";
    bar.content = BARS[theme.value === "auto" ? system : theme.value];
  }
  if (theme.value === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme.value;
}
