// How devices that measure something stand.
import type { Stand } from "@/api/types";

/** The worst first. */
export const STANDS: readonly Stand[] = ["trouble", "offline", "unknown", "good"];
