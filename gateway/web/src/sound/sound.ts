// Makes the figures audible, and knows whether the browser lets it.
import { computed, ref, watch } from "vue";
import type { Call } from "@/alerts/book";
import type { PriorityName, StreamEntry } from "@/api/types";
import { PRIORITIES, rank, unacknowledged } from "@/alerts/ordering";
import { FIGURES, REPEAT_MS } from "@/sound/figures";
import { keptMute, MINUTES, mutedFor } from "@/sound/mute";
import { recallHere, rememberHere } from "@/words/memory";

/** Transitions that call for attention. */
const SOUNDING = new Set(["raised", "occurred", "reactivated", "worsened", "escalated", "reminded"]);
/** A figure lasts less. In a flood each is heard to its end, and not a chorus of beginnings. */
const BREATH_MS = 1_000;
/** When something else sounds as it is due, it is tried again so soon. */
const SOON_MS = 100;
/** Loudness of the ordinary, and of what a step of the escalation has made louder. */
const ORDINARY = 0.5;
const LOUD = 1;

let context: AudioContext | null = null;
const running = ref(false);
const mutedUntil = ref(keptMute(recallHere("muted"), Date.now()));
const calling = ref<Call | null>(null);
/** When the figure of each priority was last due: a muted one counts as heard. */
const cried: Partial<Record<PriorityName, number>> = {};
let repeating: number | undefined;

/** The browser has not allowed sound yet: it wants a click or a key first. */
export const silentByBrowser = computed(() => !running.value);
/** Until when a person has muted this screen (this browser's clock, ms); 0 = not. */
export const muted = computed(() => mutedUntil.value);

/** Prepare sound; called once. Any click or key allows it where the browser asks for one. */
export function prepare(): void {
  context = new AudioContext();
  const look = () => {
    running.value = context?.state === "running";
  };
  context.addEventListener("statechange", look);
  look();
  const allow = () => {
    if (context?.state === "suspended") void context.resume();
  };
  for (const kind of ["pointerdown", "keydown"]) window.addEventListener(kind, allow);
}

/** Play the figure of a priority now, muted or not. */
export function play(priority: PriorityName, loud = false): void {
  if (context?.state !== "running") return;
  const start = context.currentTime + 0.02;
  const volume = loud ? LOUD : ORDINARY;
  for (const [hertz, at, lasts, loudness] of FIGURES[priority]) {
    const tone = context.createOscillator();
    const gain = context.createGain();
    tone.type = "triangle";
    tone.frequency.value = hertz;
    // Ramps of 10 ms: a tone that starts at full loudness clicks.
    gain.gain.setValueAtTime(0, start + at);
    gain.gain.linearRampToValueAtTime(loudness * volume, start + at + 0.01);
    gain.gain.setValueAtTime(loudness * volume, start + at + lasts - 0.03);
    gain.gain.linearRampToValueAtTime(0, start + at + lasts);
    tone.connect(gain).connect(context.destination);
    tone.start(start + at);
    tone.stop(start + at + lasts);
  }
}

/** The figure of a priority once, unless this screen is muted, or one as urgent sounds just now.
 * An emergency is never muted. */
export function soundOnce(priority: PriorityName, loud = false): void {
  const now = Date.now();
  const urgent = PRIORITIES.slice(0, rank(priority) + 1);
  const sounding = urgent.some((one) => now - (cried[one] ?? 0) < BREATH_MS);
  if (sounding) return;
  cried[priority] = now;
  if (priority === "emergency" || now >= mutedUntil.value) play(priority, loud);
}

/** Sound for what the stream brought: once, for the most urgent. */
export function soundFor(entries: readonly StreamEntry[]): void {
  const sounding = entries
    .filter((entry) => calls(entry) && audible(entry.alert))
    .map(({ alert }) => alert)
    .sort((a, b) => rank(a.priority) - rank(b.priority));
  const first = sounding[0];
  if (first === undefined) return;
  soundOnce(
    first.priority,
    sounding.some((one) => one.priority === first.priority && one.louder),
  );
  repeat();
}

/** Something happened that somebody must see to, or what was hidden shows and nobody has it. */
function calls({ transition, alert }: StreamEntry): boolean {
  if (transition.kind === "unsuppressed") return unacknowledged(alert);
  return SOUNDING.has(transition.kind);
}

function audible(alert: StreamEntry["alert"]): boolean {
  return alert.priority === "emergency" || (alert.shelved_until === null && !alert.suppressed);
}

/** Mute this screen for some minutes. Emergencies sound all the same. */
export function mute(minutes: (typeof MINUTES)[number]): void {
  keepMute(mutedFor(minutes, Date.now()));
}

export function unmute(): void {
  keepMute(0);
}

/** What the key does: mute for the shortest time, or end that. */
export function toggleMute(): void {
  if (Date.now() < mutedUntil.value) unmute();
  else mute(MINUTES[0]);
}

function keepMute(until: number): void {
  mutedUntil.value = until;
  rememberHere("muted", String(until));
}

/** Says what waits for somebody; while it does, its figure repeats. */
export function waits(call: Call | null): void {
  calling.value = call;
}

/** Let the figure of what waits sound when it is due again, and again until nothing waits. */
function repeat(): void {
  window.clearTimeout(repeating);
  const call = calling.value;
  const every = call === null ? null : REPEAT_MS[call.priority];
  if (call === null || every === null) return;
  const due = (cried[call.priority] ?? 0) + every;
  repeating = window.setTimeout(
    () => {
      soundOnce(call.priority, call.louder);
      repeat();
    },
    Math.max(SOON_MS, due - Date.now()),
  );
}

// What already waits when the page is opened, or when the browser allows sound, is heard at once;
// what the stream brought has cried already. Whoever has just acknowledged something is not cried at
// for what is left.
watch([calling, running], ([call, allowed], [last, wasAllowed]) => {
  if (call !== null && allowed && !wasAllowed) cried[call.priority] = 0;
  else if (call !== null && last !== null && rank(call.priority) > rank(last.priority))
    cried[call.priority] = Date.now();
  repeat();
});
