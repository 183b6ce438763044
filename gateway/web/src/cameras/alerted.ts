// The open alert of a camera, as this screen knows it: the stream brings what changes of it.
import { alerts } from "@/alerts/book";
import type { Alert, Camera } from "@/api/types";

export function alertOf(camera: Camera): Alert | null {
  return camera.alert === null ? null : (alerts.value.get(camera.alert) ?? null);
}
