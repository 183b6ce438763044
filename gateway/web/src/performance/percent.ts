// Shares as people read them.
import { figure } from "@/words/figures";

/** 12.3 %, with no more digits than it means; a question mark where there is nothing to share. */
export function percent(share: number | null): string {
  if (share === null) return "?";
  const value = share * 100;
  if (value > 0 && value < 0.1) return "<0.1 %";
  return `${figure(value >= 10 ? Math.round(value) : Math.round(value * 10) / 10)} %`;
}
