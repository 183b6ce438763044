// The page as an app: its service worker, newer builds of it, and what a notification opens.
import { ref } from "vue";
import type { Router } from "vue-router";
import type { StreamEntry } from "@/api/types";
import { endedIn, reloads } from "@/app/builds";

/** A newer build is there; the next change of room takes it. */
export const fresh = ref(false);

const LOOK_EVERY_MS = 3_600_000;
const BUILD = document.querySelector<HTMLMetaElement>('meta[name="build"]')?.content ?? "";

type Said = { type: "build"; build: string } | { type: "open"; place: string };

/** The registration, if this browser and this address allow one. */
export function worker(): Promise<ServiceWorkerRegistration | undefined> {
  if (!("serviceWorker" in navigator)) return Promise.resolve(undefined);
  return navigator.serviceWorker.getRegistration();
}

/** Begin; the first load goes before the service worker's. */
export function enlist(router: Router): void {
  router.onError((_, to) => void takeNewer(to.fullPath));
  if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return;
  navigator.serviceWorker.addEventListener("message", (event: MessageEvent<Said>) => {
    if (event.data.type === "open") void router.push(event.data.place);
    else if (event.data.build !== BUILD) fresh.value = true;
  });
  navigator.serviceWorker.startMessages();
  router.beforeEach((to, from) => {
    if (!fresh.value || !reloads(to.name, from.name)) return true;
    location.assign(to.fullPath);
    return false;
  });
  const begin = () => {
    // Without one the page works, too; it only cannot start without a connection.
    navigator.serviceWorker.register("/sw.js").then(watch, () => undefined);
  };
  if (document.readyState === "complete") begin();
  else window.addEventListener("load", begin, { once: true });
}

/** A room whose file is gone went with the build that it was of: no service worker has told of the
 * newer one, as over plain HTTP there is none. While the gateway is away what is open stays open. */
async function takeNewer(place: string): Promise<void> {
  const page = await fetch("/", { cache: "no-store" }).then(
    (answer) => (answer.ok ? answer.text() : ""),
    () => "",
  );
  if (BUILD !== "" && page !== "" && !page.includes(BUILD)) location.assign(place);
}

/** A page that is open for weeks hears of a newer build, too. */
function watch(registration: ServiceWorkerRegistration): void {
  const look = () => {
    registration.update().catch(() => undefined); // away: the next look will tell
  };
  window.setInterval(look, LOOK_EVERY_MS);
  window.addEventListener("online", look);
}

let permission: PermissionStatus | undefined;

/** Whether notifications are allowed: kept up to date by the browser. To ask `Notification` itself
 * takes it some ten milliseconds, and alerts end several times a second. */
async function allowed(): Promise<boolean> {
  try {
    permission ??= await navigator.permissions.query({ name: "notifications" });
  } catch {
    return Notification.permission === "granted"; // an older browser
  }
  return permission.state === "granted";
}

/** Notifications of alerts that need nobody any more are taken away. */
export async function closeNotices(entries: readonly StreamEntry[]): Promise<void> {
  const ended = endedIn(entries);
  if (ended.size === 0 || !("Notification" in window) || !(await allowed())) return;
  const shown = await (await worker())?.getNotifications();
  for (const one of shown ?? []) if (ended.has(one.tag)) one.close();
}
