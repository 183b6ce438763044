// What kind of device this is, and what its user may want: pure, so that it can be tested.
import type { PriorityName } from "@/api/types";

/** How little or much a device is told; each is a list of priorities. */
export const WISHES = {
  called: [],
  emergency: ["emergency"],
  high: ["emergency", "high"],
  all: ["emergency", "high", "medium", "low", "notice"],
} as const satisfies Record<string, readonly PriorityName[]>;

export type Wish = keyof typeof WISHES;
export const EVERY_WISH = Object.keys(WISHES) as Wish[];

/** The wish that a list of priorities stands for; the next wider one for a list of its own. */
export function wishOf(priorities: readonly PriorityName[]): Wish {
  const fits = (wish: Wish) =>
    priorities.every((one) => (WISHES[wish] as readonly PriorityName[]).includes(one));
  return EVERY_WISH.find(fits) ?? "all";
}

const BROWSERS: readonly [RegExp, string][] = [
  [/Edg(A|iOS)?\//, "Edge"],
  [/OPR\//, "Opera"],
  [/SamsungBrowser\//, "Samsung Internet"],
  [/Firefox\/|FxiOS\//, "Firefox"],
  [/Chrome\/|CriOS\//, "Chrome"],
  [/Safari\//, "Safari"],
];
const SYSTEMS: readonly [RegExp, string][] = [
  [/HarmonyOS|OpenHarmony/, "HarmonyOS"],
  [/Android/, "Android"],
  [/iPhone/, "iPhone"],
  [/iPad/, "iPad"],
  [/Windows/, "Windows"],
  [/Mac OS X/, "macOS"],
  [/CrOS/, "ChromeOS"],
  [/Linux/, "Linux"],
];

const among = (names: readonly [RegExp, string][], agent: string) =>
  names.find(([sign]) => sign.test(agent))?.[1];

/** What a person calls this browser: "Chrome, Android". */
export function labelOf(agent: string): string {
  return [among(BROWSERS, agent), among(SYSTEMS, agent)].filter(Boolean).join(", ") || "?";
}

/** Base64url as browsers take keys. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const raw = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(raw, (sign) => sign.charCodeAt(0));
}

export type Can = "yes" | "insecure" | "ios" | "unsupported";

type Device = { secure: boolean; able: boolean; agent: string; touch: number };

/** Whether this browser can show alerts while no page is open, and why not. */
export function can({ secure, able, agent, touch }: Device): Can {
  if (!secure) return "insecure";
  if (able) return "yes";
  // An iPad says that it is a Mac; a Mac has no touch screen.
  const apple = /iPhone|iPad/.test(agent) || (/Mac OS X/.test(agent) && touch > 1);
  return apple ? "ios" : "unsupported";
}
