// The service worker: starts the page without a connection, and shows alerts while no page is open.
import { noticeOf, placeOf, shownAs } from "./notice";
import { isAway, wayOf } from "./shell";

declare const self: ServiceWorkerGlobalScope;
/** Put in by the build: its name, the files the page starts with, and words in both languages. */
declare const __BUILD__: string;
declare const __SHELL__: string[];
declare const __SAID__: { name: string; unread: string; ended: string };

const PREFIX = "shell-";
const CACHE = PREFIX + __BUILD__;
/** A network that neither answers nor fails is no connection. */
const PATIENCE_MS = 10_000;

const shell = new Set(__SHELL__);

async function install(): Promise<void> {
  const cache = await caches.open(CACHE);
  // The page itself as it is now; its files never change under their names.
  await cache.addAll(__SHELL__.map((path) => new Request(path, path === "/" ? { cache: "reload" } : {})));
  await self.skipWaiting();
}

async function activate(): Promise<void> {
  for (const name of await caches.keys())
    if (name.startsWith(PREFIX) && name !== CACHE) await caches.delete(name);
  await self.registration.navigationPreload.enable();
  await self.clients.claim();
  for (const client of await self.clients.matchAll({ type: "window" }))
    client.postMessage({ type: "build", build: __BUILD__ });
}

/** The page as the gateway has it now; the kept one, which says so, only when it is not reached. */
async function page(event: FetchEvent): Promise<Response> {
  try {
    const answer = await Promise.race([arriving(event), late()]);
    if (!isAway(answer.status)) return answer;
  } catch {
    // Not reached: said by the page that follows.
  }
  const kept = await caches.match("/", { cacheName: CACHE });
  return kept ?? Response.error();
}

async function arriving(event: FetchEvent): Promise<Response> {
  const preloaded = (await event.preloadResponse) as Response | undefined;
  return preloaded ?? fetch(event.request);
}

const late = () =>
  new Promise<never>((_, fail) => {
    setTimeout(() => fail(new Error("no answer in time")), PATIENCE_MS);
  });

async function file(request: Request): Promise<Response> {
  return (await caches.match(request.url, { cacheName: CACHE })) ?? fetch(request);
}

function said(data: PushMessageData | null): unknown {
  try {
    return data?.json();
  } catch {
    return null;
  }
}

async function show(data: PushMessageData | null): Promise<void> {
  const one = noticeOf(said(data));
  if (one === null) {
    // Browsers want every message shown; and a person wants to know that there was one.
    await self.registration.showNotification(__SAID__.name, { body: __SAID__.unread, tag: "unread" });
    return;
  }
  if (one.kind === "end" && (await inSight())) {
    for (const shown of await self.registration.getNotifications({ tag: one.tag })) shown.close();
    return;
  }
  await self.registration.showNotification(one.title, shownAs(one));
}

async function inSight(): Promise<boolean> {
  const windows = await self.clients.matchAll({ type: "window" });
  return windows.some((one) => one.visibilityState === "visible");
}

/** Shows the alert in a page that is open, without loading it anew; else opens one. */
async function open(place: string): Promise<void> {
  const windows = await self.clients.matchAll({ type: "window" });
  const shown = windows.find((one) => one.visibilityState === "visible") ?? windows[0];
  if (shown === undefined) {
    await self.clients.openWindow(place);
    return;
  }
  shown.postMessage({ type: "open", place });
  await shown.focus();
}

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("fetch", (event) => {
  const way = wayOf(event.request, self.location.origin, shell);
  if (way === "page") event.respondWith(page(event));
  if (way === "shell") event.respondWith(file(event.request));
});
self.addEventListener("push", (event) => event.waitUntil(show(event.data)));
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { url } = (event.notification.data ?? {}) as { url?: unknown };
  event.waitUntil(open(placeOf(url, self.location.origin)));
});
self.addEventListener("pushsubscriptionchange", (event) => {
  // Renewed without a page the gateway might never hear of it: a person is asked to look instead.
  const options = { body: __SAID__.ended, tag: "ended", data: { url: "/settings" } };
  (event as ExtendableEvent).waitUntil(self.registration.showNotification(__SAID__.name, options));
});
