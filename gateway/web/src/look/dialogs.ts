// How many dialogs are open: while one is, what it is about stays where it is.
import { ref } from "vue";

export const dialogs = ref(0);
