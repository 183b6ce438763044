// Reads codes with the camera or from a photo; says exactly why where it cannot.
import { onScopeDispose, ref } from "vue";
import { codeReader } from "@/commissioning/codes";
import type { CodeReader } from "@/commissioning/codes";
import { drawn } from "@/orders/photos";

/** What keeps a code from being read; each has its own words. */
export type Trouble =
  | "insecure" | "denied" | "missing" | "busy" | "failed" // the camera
  | "no_photo" | "no_code" // the photo
  | "unloaded"; // what reads them

/** Enough for a label at arm's length; most cameras give less unless they are asked. */
const CAMERA = { facingMode: "environment", width: { ideal: 1280 } };
const EVERY_MS = 200;
/** A phone's photo is larger than some browsers draw. */
const PHOTO_PX = 2_400;

/** Why the browser did not give the camera, by the name of its error. */
function troubleOf(why: unknown): Trouble {
  switch (why instanceof DOMException ? why.name : "") {
    case "NotAllowedError":
    case "SecurityError":
      return "denied";
    case "NotFoundError":
    case "OverconstrainedError":
      return "missing";
    case "NotReadableError":
    case "AbortError":
      return "busy";
    default:
      return "failed";
  }
}

/** Calls `read` with what a code says: of a camera once per code until stopped, or of a photo. */
export function useScanner(video: () => HTMLVideoElement | null, read: (text: string) => void) {
  const state = ref<"off" | "starting" | "on" | "photo">("off");
  const trouble = ref<Trouble | null>(null);
  let stream: MediaStream | null = null;
  let turn = 0;

  async function start(): Promise<void> {
    const mine = ++turn;
    trouble.value = null;
    state.value = "starting";
    try {
      const reader = await opened(mine);
      if (reader !== null) void look(reader, mine);
    } catch (why) {
      if (mine === turn) none(troubleOf(why));
    }
  }

  async function opened(mine: number): Promise<CodeReader | null> {
    if (!window.isSecureContext) return none("insecure");
    const reader = await codeReader().catch(() => null);
    if (mine !== turn) return null;
    if (reader === null) return none("unloaded");
    const found = await navigator.mediaDevices.getUserMedia({ video: CAMERA });
    const screen = video();
    if (mine !== turn || screen === null) {
      for (const track of found.getTracks()) track.stop();
      return null;
    }
    stream = found;
    screen.srcObject = found;
    await screen.play();
    if (mine !== turn) return null;
    state.value = "on";
    return reader;
  }

  function none(why: Trouble): null {
    stop();
    trouble.value = why;
    return null;
  }

  async function look(reader: CodeReader, mine: number): Promise<void> {
    let last = "";
    while (mine === turn) {
      const screen = video();
      const text = screen === null ? "" : await reader(screen).catch(() => "");
      if (mine === turn && text !== "" && text !== last) {
        last = text;
        read(text);
      }
      await new Promise((later) => window.setTimeout(later, EVERY_MS));
    }
  }

  async function choose(file: Blob): Promise<void> {
    stop();
    const mine = turn;
    trouble.value = null;
    state.value = "photo";
    const reader = await codeReader().catch(() => null);
    const photo = await createImageBitmap(file, { imageOrientation: "from-image" }).catch(() => null);
    const text = photo && (await reader?.(drawn(photo, PHOTO_PX)).catch(() => ""));
    photo?.close();
    if (mine !== turn) return;
    stop();
    if (text) read(text);
    else none(reader === null ? "unloaded" : photo === null ? "no_photo" : "no_code");
  }

  function stop(): void {
    turn += 1;
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = null;
    state.value = "off";
  }

  onScopeDispose(stop);
  return { state, trouble, start, stop, choose };
}
