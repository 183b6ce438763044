// From the hours or days of a period to the columns of a chart.
import type { AlarmFigures } from "@/api/types";

type Bar = AlarmFigures["bars"][number];

export type Column = {
  start: number;
  activations: number;
  flooded: number;
  operatorHours: number;
  /** Heights as shares of the chart. */
  height: number;
  /** What the people at work then can manage; null when that lies beyond the chart. */
  target: number | null;
};
export type Chart = { top: number; lines: number[]; columns: Column[] };

const DAY_MS = 86_400_000;
/** Up to so many hours are named by the hour. */
export const SHORT_HOURS = 48;
const STEPS = [1, 2, 2.5, 5, 10] as const;

/** Four round steps that reach at least to `most`; whole numbers, since alerts are counted. */
export function scale(most: number): { top: number; lines: number[] } {
  const rough = Math.max(most, 4) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.ceil(power * (STEPS.find((one) => one * power >= rough) ?? 10));
  return { top: 4 * step, lines: [1, 2, 3, 4].map((number) => number * step) };
}

/**
 * Columns with their heights. The target stands in the chart only where the alerts come near it:
 * drawn above a calm week it would leave nothing of the week to see.
 */
export function chart(bars: readonly Bar[], perOperatorHour: number): Chart {
  const most = Math.max(0, ...bars.map((bar) => bar.activations));
  const { top, lines } = scale(most);
  const columns = bars.map((bar) => {
    const target = perOperatorHour * bar.operator_hours;
    return {
      start: bar.start,
      activations: bar.activations,
      flooded: bar.flooded,
      operatorHours: bar.operator_hours,
      height: bar.activations / top,
      target: target <= top ? target / top : null,
    };
  });
  return { top, lines, columns };
}

/**
 * Which of `count` columns are named below, `most` at most and the same distance apart; of the
 * hours of several days, whole days.
 */
export function named(count: number, most: number, hours = false): number[] {
  const least = Math.max(1, Math.ceil(count / most));
  const every = hours && count > SHORT_HOURS ? Math.ceil(least / 24) * 24 : least;
  return Array.from({ length: Math.ceil(count / every) }, (_, number) => number * every);
}

/** Where a period of `days` begins: the last full day's worth of hours, or a midnight here. */
export function beginning(days: number, now: number): number {
  if (days === 1) return Math.floor(now / 3_600_000) * 3_600_000 - DAY_MS;
  const midnight = new Date(now);
  midnight.setHours(0, 0, 0, 0);
  midnight.setDate(midnight.getDate() - (days - 1));
  return midnight.getTime();
}
