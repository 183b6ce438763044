// Makes the figures audible, and knows whether the browser lets it.
import { computed, ref, watch } from "vue";
import type { PriorityName, StreamEntry } from "@/api/types";
import { rank, unacknowledged } from "@/alerts/ordering";
import { FIGURES, REPEAT_MS } from "@/sound/figures";

const MUTE_MS = 2 * 60_000;
/** Transitions that call for attention. */
const SOUNDING = new Set(["raised", "occurred", "reactivated", "worsened", "escalated", "reminded"]);
/** Loudness of the ordinary, and of what a step of the escalation has made louder. */
const ORDINARY = 0.5;
const LOUD = 1;

let context: AudioContext | null = null;
const running = ref(false);
const mutedUntil = ref(0);
const waiting = ref(false);
let louder = false;
let repeating: number | undefined;
let lastCry = 0;

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
  if (priority === "emergency") lastCry = Date.now();
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

const isMuted = () => Date.now() < mutedUntil.value;

/** Sound for what the stream brought: once, for the most urgent. A new emergency ends a mute. */
export function soundFor(entries: readonly StreamEntry[]): void {
  const sounding = entries
    .filter((entry) => calls(entry) && audible(entry.alert))
    .map(({ alert }) => alert)
    .sort((a, b) => rank(a.priority) - rank(b.priority));
  const first = sounding[0];
  if (first === undefined) return;
  const loud = sounding.some((one) => one.priority === first.priority && one.louder);
  if (first.priority === "emergency") {
    mutedUntil.value = 0;
    louder ||= loud;
    cry();
  } else if (!isMuted()) play(first.priority, loud);
}

/** Something happened that somebody must see to, or what was hidden shows and nobody has it. */
function calls({ transition, alert }: StreamEntry): boolean {
  if (transition.kind === "unsuppressed") return unacknowledged(alert);
  return SOUNDING.has(transition.kind);
}

function audible(alert: StreamEntry["alert"]): boolean {
  return alert.priority === "emergency" || (alert.shelved_until === null && !alert.suppressed);
}

/** The figure of a priority once, unless this screen is muted. */
export function soundOnce(priority: PriorityName): void {
  if (!isMuted()) play(priority);
}

/** Mute this screen for two minutes, or end that. */
export function toggleMute(): void {
  mutedUntil.value = isMuted() ? 0 : Date.now() + MUTE_MS;
}

/** Says whether an emergency waits for somebody; while it does, its figure repeats, louder once a
 * step of the escalation has asked for it. */
export function emergencyWaits(waits: boolean, loud = false): void {
  waiting.value = waits;
  louder = loud;
}

/** The figure of an emergency now, and again and again until somebody has acknowledged it. */
function cry(): void {
  window.clearInterval(repeating);
  repeating = window.setInterval(() => {
    if (!waiting.value) window.clearInterval(repeating);
    else if (!isMuted()) play("emergency", louder);
  }, REPEAT_MS);
  if (!isMuted()) play("emergency", louder);
}

// What already waits when the page is opened, or when the browser allows sound, is heard at once;
// what the stream brought has cried already.
watch([waiting, running], ([waits, allowed], [waited, wasAllowed]) => {
  const cried = Date.now() - lastCry < 1_000;
  if (waits && allowed && !cried && (!waited || !wasAllowed)) cry();
});
