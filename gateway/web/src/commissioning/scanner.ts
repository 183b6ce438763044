// Reads a code with the camera, where the browser can; says exactly why where it cannot.
import { onScopeDispose, ref } from "vue";

/** What keeps the camera from reading codes; each has its own words. */
export type Trouble = "insecure" | "unsupported" | "denied" | "missing" | "busy" | "failed";

type Detector = { detect(source: HTMLVideoElement): Promise<{ rawValue: string }[]> };
type DetectorKind = {
  new (options: { formats: string[] }): Detector;
  getSupportedFormats(): Promise<string[]>;
};

const WANTED = ["qr_code", "data_matrix", "code_128", "code_39", "ean_13"];
const EVERY_MS = 200;

async function detector(): Promise<Detector | null> {
  const { BarcodeDetector: Kind } = window as unknown as { BarcodeDetector?: DetectorKind };
  if (Kind === undefined) return null;
  const known = await Kind.getSupportedFormats();
  const formats = WANTED.filter((one) => known.includes(one));
  return formats.length === 0 ? null : new Kind({ formats });
}

/** Why the browser did not give the camera, by the name of its error. */
export function troubleOf(name: string): Trouble {
  switch (name) {
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

/** A camera that calls `read` with what a code says, once per code, until stopped. */
export function useScanner(video: () => HTMLVideoElement | null, read: (text: string) => void) {
  const state = ref<"off" | "starting" | "on">("off");
  const trouble = ref<Trouble | null>(null);
  let stream: MediaStream | null = null;
  let turn = 0;

  async function start(): Promise<void> {
    const mine = ++turn;
    trouble.value = null;
    state.value = "starting";
    try {
      const eyes = await opened(mine);
      if (eyes !== null) void look(eyes, mine);
    } catch (why) {
      if (mine !== turn) return;
      stop();
      trouble.value = troubleOf(why instanceof DOMException ? why.name : "");
    }
  }

  async function opened(mine: number): Promise<Detector | null> {
    if (!window.isSecureContext) return none("insecure");
    const eyes = await detector();
    if (mine !== turn) return null;
    if (eyes === null) return none("unsupported");
    const found = await navigator.mediaDevices.getUserMedia({
      video: { facingMode: "environment" },
    });
    const screen = video();
    if (mine !== turn || screen === null) {
      for (const track of found.getTracks()) track.stop();
      return null;
    }
    stream = found;
    screen.srcObject = found;
    await screen.play();
    state.value = "on";
    return eyes;
  }

  function none(why: Trouble): null {
    stop();
    trouble.value = why;
    return null;
  }

  async function look(eyes: Detector, mine: number): Promise<void> {
    let last = "";
    while (mine === turn) {
      const screen = video();
      const found = screen === null ? [] : await eyes.detect(screen).catch(() => []);
      const text = found[0]?.rawValue ?? "";
      if (mine === turn && text !== "" && text !== last) {
        last = text;
        read(text);
      }
      await new Promise((later) => window.setTimeout(later, EVERY_MS));
    }
  }

  function stop(): void {
    turn += 1;
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = null;
    state.value = "off";
  }

  onScopeDispose(stop);
  return { state, trouble, start, stop };
}
