// The live stream: one connection, resumed after the last event, replaced when it falls silent.
import { computed, ref, shallowRef } from "vue";
import { get } from "@/api/client";
import type { FeedFrame, StreamEntry, Summary } from "@/api/types";
import { gathering } from "@/stream/gathering";
import { heardFrom, liveness, patience, taken, UNHEARD } from "@/stream/resume";
import type { Liveness, StreamState } from "@/stream/resume";

type Listener = {
  /** Alerts changed; oldest first, none twice. */
  entries: (entries: StreamEntry[]) => void;
  /** What is shown cannot be brought up to date by events: load anew. */
  reload: () => void;
};

const CHECK_EVERY_MS = 250;

const state = shallowRef<StreamState>(UNHEARD);
const tick = ref(Date.now());
let opened = Date.now();
let source: EventSource | null = null;
let listener: Listener | null = null;
let attempts = 0;
let again: number | undefined;
let checking: number | undefined;

const arrived = gathering<StreamEntry>((entries) => {
  const [next, fresh] = taken(state.value, entries, Date.now());
  state.value = next;
  if (fresh.length > 0) listener?.entries(fresh);
});

export const feed = computed(() => state.value.feed);
export const counts = computed(() => state.value.counts);
export const floods = computed(() => state.value.floods);
export const maintenances = computed(() => state.value.maintenances);
export const policeLinks = computed(() => state.value.police);
export const held = computed(() => state.value.held);
/** This browser's time, to the quarter of a second; for what is counted on this screen alone. */
export const here = computed(() => tick.value);
/** The gateway's time now, to the second: all ages on the page are counted from it, and to work
 * them out more often than they change would keep an alarm waiting. */
export const now = computed(() => Math.floor((tick.value + state.value.offset) / 1000) * 1000);
/** When the last sign of life came, in the gateway's time. */
export const lastHeard = computed(() => (state.value.heard ?? opened) + state.value.offset);
export const standing = computed<Liveness>(() => liveness(state.value, opened, tick.value));

/** Connect, and stay connected until `stop`. */
export function start(what: Listener): void {
  stop();
  listener = what;
  state.value = UNHEARD;
  opened = Date.now();
  checking = window.setInterval(check, CHECK_EVERY_MS);
  connect();
}

export function stop(): void {
  close();
  window.clearInterval(checking);
  listener = null;
}

function close(): void {
  window.clearTimeout(again);
  again = undefined;
  source?.close();
  source = null;
  arrived.flush();
}

function connect(): void {
  close();
  const { after } = state.value;
  const made = new EventSource(`/api/v1/stream${after === null ? "" : `?after=${after}`}`);
  source = made;
  // With nothing to resume after, the lists are loaded again once the stream is surely running:
  // what happened between an earlier loading and its start would be missed else.
  let catchingUp = after === null;
  const alive = () => {
    attempts = 0;
    if (catchingUp) listener?.reload();
    catchingUp = false;
  };
  made.addEventListener("alerts", (event: MessageEvent<string>) => {
    arrived.add(JSON.parse(event.data) as StreamEntry[]);
    alive();
  });
  made.addEventListener("feed", (event: MessageEvent<string>) => {
    arrived.flush(); // it tells how things stand after them
    const row = event.lastEventId === "" ? null : Number(event.lastEventId);
    state.value = heardFrom(state.value, JSON.parse(event.data) as FeedFrame, row, Date.now());
    alive();
  });
  made.addEventListener("reload", () => {
    arrived.flush();
    state.value = { ...state.value, after: null };
    listener?.reload();
  });
  made.onerror = () => {
    later();
  };
}

/** Connect again after a while; asks first whether the session still stands. */
function later(): void {
  close();
  const wait = patience(attempts, Math.random());
  attempts += 1;
  again = window.setTimeout(() => {
    // A 401 here leads to the sign-in page; while the gateway is away the stream tries on.
    get<Summary>("/summary").then(connect, () => {
      if (listener !== null && again !== undefined) later();
    });
  }, wait);
}

function check(): void {
  tick.value = Date.now();
  if (source !== null && standing.value === "dead") {
    opened = tick.value;
    later();
  }
}
