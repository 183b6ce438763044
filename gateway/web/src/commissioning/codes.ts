// Reads the code in a picture: the browser's own reader where it has one, else one that we bring.
import type { BarcodeDetector, BarcodeFormat } from "qr/decode.js";

export type Picture = HTMLVideoElement | HTMLCanvasElement;

/** What the code in a picture says; empty when none can be read. */
export type CodeReader = (picture: Picture) => Promise<string>;

/** The browser's class of this name, or one with the same face. */
type DetectorKind = typeof BarcodeDetector;

/** Ours are QR codes; makers print others as well. */
const WANTED: readonly BarcodeFormat[] = ["qr_code", "data_matrix", "code_128", "code_39", "ean_13"];

/** Throws when our reader is needed and could not be loaded. */
export async function codeReader(): Promise<CodeReader> {
  const own = await readerOf((window as { BarcodeDetector?: DetectorKind }).BarcodeDetector);
  let reader = own ?? (await ours());
  return async (picture) => {
    try {
      return await reader(picture);
    } catch (why) {
      if (reader !== own) throw why;
      // Android's has the name and fails on phones that come without Google's services.
      reader = await ours();
      return reader(picture);
    }
  };
}

/** Loaded with the first scan in a browser that needs it: Safari, Firefox, most on a desk. */
async function ours(): Promise<CodeReader> {
  const reader = await readerOf((await import("qr/decode.js")).BarcodeDetector);
  if (reader === null) throw new Error("our reader reads no QR codes");
  return reader;
}

async function readerOf(Kind: DetectorKind | undefined): Promise<CodeReader | null> {
  const known = (await Kind?.getSupportedFormats()) ?? [];
  if (Kind === undefined || !known.includes("qr_code")) return null;
  const detector = new Kind({ formats: WANTED.filter((one) => known.includes(one)) });
  return async (picture) => (await detector.detect(picture))[0]?.rawValue ?? "";
}
