// What a page is called: in the window's name, and to those who hear that the page has changed.
import { otherTabs, tabs } from "@/shell/tabs";
import { t } from "@/words/words";
import type { Key } from "@/words/words";

/** Pages that no tab leads to. */
const APART: Readonly<Record<string, Key>> = {
  gaps: "page.bureau.gaps",
  "school-sheet": "page.bureau.sheet",
  history: "page.nav.history",
  settings: "page.nav.settings",
  commission: "page.commission",
  nowhere: "page.nowhere",
};

/** The name of the page that a route shows; empty before there is a route. */
export function pageName(route: string): string {
  const word =
    APART[route] ?? [...tabs.value, ...otherTabs.value].find((tab) => tab.matches.includes(route))?.word;
  return word === undefined ? "" : t(word);
}

/** The window's name: emergencies that wait, the page, the gateway. */
export function windowName(route: string, waiting: number): string {
  const count = waiting > 0 ? `■ ${waiting}` : "";
  return [count, pageName(route), t("app.name")].filter(Boolean).join(" · ");
}
