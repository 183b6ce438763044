// Times, ages, numbers and names of values as people read them.
import { language, t, tOr } from "@/words/words";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const two = (n: number) => String(n).padStart(2, "0");

/** 14:03:21 of a moment, in the time zone of the screen. */
export function clock(ms: number): string {
  const at = new Date(ms);
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** 14:03:21 today; 11-20 14:03:21 this year; 2025-11-20 14:03:21 before. */
export function moment(ms: number, now: number): string {
  const at = new Date(ms);
  const today = new Date(now);
  if (at.toDateString() === today.toDateString()) return clock(ms);
  const day = `${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const year = at.getFullYear() === today.getFullYear() ? "" : `${at.getFullYear()}-`;
  return `${year}${day} ${clock(ms)}`;
}

/** By how many minutes the time of this screen is ahead of UTC: for files that tell times. */
export const eastMinutes = (ms: number): number => -new Date(ms).getTimezoneOffset();

/** A moment as the browser's field for one wants it, in the time of this screen. */
export function forField(ms: number): string {
  return new Date(ms + eastMinutes(ms) * MINUTE).toISOString().slice(0, 16);
}

/** The moment in such a field; NaN while it is not filled in. */
export const ofField = (field: string): number => new Date(field).getTime();

/** 2026-11-21 of a count of days since 1970. */
export function day(days: number): string {
  return new Date(days * DAY).toISOString().slice(0, 10);
}

/** A length of time in its largest unit: 23 s, 2 min, 3 h, 5 d. */
export function span(ms: number): string {
  const length = Math.max(0, ms);
  if (length < MINUTE) return t("page.span.seconds", { n: Math.floor(length / SECOND) });
  if (length < HOUR) return t("page.span.minutes", { n: Math.floor(length / MINUTE) });
  if (length < 2 * DAY) return t("page.span.hours", { n: Math.floor(length / HOUR) });
  return t("page.span.days", { n: Math.floor(length / DAY) });
}

/** A delay or clock error, to the tenth of a second when short; keeps its sign. */
export function delay(ms: number): string {
  const length = Math.abs(ms);
  const sign = ms < 0 ? "−" : "";
  if (length < SECOND) return `${sign}${length} ms`;
  if (length < MINUTE) return `${sign}${(length / SECOND).toFixed(1)} s`;
  return sign + span(length);
}

/** A number with no more digits than it means: 1,234 · 23.4 · 0.052. */
export function figure(value: number): string {
  const size = Math.abs(value);
  const digits = size >= 100 || Number.isInteger(value) ? 0 : size >= 1 ? 1 : 3;
  return value.toLocaleString(language.value, { maximumFractionDigits: digits });
}

const UNITS: [suffix: string, unit: string][] = [
  ["_pct_m", "%/m"],
  ["_kwh", "kWh"],
  ["_kbps", "kbit/s"],
  ["_dbm", "dBm"],
  ["_ppm", "ppm"],
  ["_pct", "%"],
  ["_var", "var"],
  ["_ma", "mA"],
  ["_hz", "Hz"],
  ["_ms", "ms"],
  ["_c", "°C"],
  ["_v", "V"],
  ["_a", "A"],
  ["_w", "W"],
  ["_s", "s"],
];

/** The unit that the name of a value carries; empty if none. */
export function unitOf(metric: string): string {
  return UNITS.find(([suffix]) => metric.endsWith(suffix))?.[1] ?? "";
}

/** A value's name for people: the catalogue's, else the name itself. */
export function metricName(metric: string): string {
  return tOr(`metric.${metric}`, metric);
}

/** A value as a device sent it, for people; a list (per phase, per disk) joined by dots. */
export function shown(value: unknown, metric: string): string {
  if (Array.isArray(value)) return value.map((one) => bare(one)).join(" · ") + unitTail(metric);
  if (typeof value === "string") return tOr(`value.${metric}.${value}`, value);
  return bare(value) + (typeof value === "number" ? unitTail(metric) : "");
}

function unitTail(metric: string): string {
  const unit = unitOf(metric);
  return unit === "" ? "" : ` ${unit}`;
}

function bare(value: unknown): string {
  if (value === null || value === undefined) return "?";
  if (typeof value === "number") return figure(value);
  if (typeof value === "boolean") return value ? t("word.yes") : t("word.no");
  return typeof value === "string" ? value : JSON.stringify(value);
}
