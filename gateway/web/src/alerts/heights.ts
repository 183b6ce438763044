// How high the lines of the list are, on a desk, a wall and a phone. The styles of `AlertRow` and
// `ListHead` take the same figures.
import { computed, onScopeDispose, ref } from "vue";
import type { Heights } from "@/alerts/sheet";

const DESK: Heights = { section: 30, group: 34, alert: 52, calm: 80 };
const WALL: Heights = { section: 38, group: 42, alert: 64, calm: 96 };
const WIDEST: Heights = { section: 54, group: 60, alert: 90, calm: 134 };
const PHONE: Heights = { section: 36, group: 44, alert: 60, calm: 80 };

/** The heights for this screen, also when it is turned. */
export function useHeights() {
  const widest = window.matchMedia("(min-width: 2600px)");
  const wall = window.matchMedia("(min-width: 1800px)");
  const phone = window.matchMedia("(max-width: 720px)");
  const heights = () => {
    if (widest.matches) return WIDEST;
    return wall.matches ? WALL : phone.matches ? PHONE : DESK;
  };
  const now = ref(heights());
  const look = () => {
    now.value = heights();
  };
  const looked = [widest, wall, phone];
  for (const one of looked) one.addEventListener("change", look);
  onScopeDispose(() => {
    for (const one of looked) one.removeEventListener("change", look);
  });
  return computed(() => now.value);
}
