// The run this person began on this phone: wherever on the page they are, its press must reach them.
import { ref } from "vue";
import { recall, remember } from "@/words/memory";

const NAME = "verification";

/** Its id, also over a reload; null = none under way. The newest, where there are several. */
export const mine = ref(recall(NAME) || null);
/** The id of the run that is in view with all its steps. */
export const inView = ref<string | null>(null);

export function began(id: string): void {
  mine.value = id;
  remember(NAME, id);
}

export function over(id: string): void {
  if (mine.value !== id) return;
  mine.value = null;
  remember(NAME, "");
}
