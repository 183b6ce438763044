// Photos from a phone's camera: made small enough for a poor network, and sent.
import { put } from "@/api/client";
import type { Picture } from "@/api/types";

/** Enough to read a type plate; a tenth of what a camera makes. */
const LONGEST_PX = 1600;
const QUALITY = 0.8;
/** On the screen before the gateway has it. */
const PREVIEW_PX = 240;

export type Small = { blob: Blob; preview: string };

/** The picture, made smaller where its longest side has more pixels than `longest`. */
export function drawn(picture: ImageBitmap, longest: number): HTMLCanvasElement {
  const scale = Math.min(1, longest / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  const brush = canvas.getContext("2d");
  if (brush === null) throw new Error("this browser cannot draw");
  brush.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/** Upright, smaller, and without what the camera wrote into it, such as where it was taken. */
export async function shrink(file: Blob): Promise<Small> {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  try {
    const canvas = drawn(picture, LONGEST_PX);
    const blob = await new Promise<Blob | null>((done) =>
      canvas.toBlob(done, "image/jpeg", QUALITY),
    );
    if (blob === null) throw new Error("this browser cannot make a JPEG");
    const preview = drawn(picture, PREVIEW_PX).toDataURL("image/jpeg", 0.7);
    return { blob, preview };
  } finally {
    picture.close();
  }
}

export const sendPicture = (school: string, blob: Blob) => put<Picture>("/pictures", blob, { school });

export const pictureAddress = (hash: string) => `/api/v1/pictures/${encodeURIComponent(hash)}`;
