// Alerts on this device: whether they can come, and switching them on and off.
import { computed, ref, shallowRef } from "vue";
import { get, path, post, remove } from "@/api/client";
import type { Items, Push, Subscription, Tested } from "@/api/types";
import { worker } from "@/app/registration";
import type { Wish } from "@/push/device";
import { bytesOf, can, labelOf, WISHES } from "@/push/device";
import { spoken } from "@/words/words";

/** A browser waits long for a push service that it cannot reach, as in many networks in China. */
const SUBSCRIBE_MS = 20_000;
/** A test waits for the push service. */
const TEST_MS = 30_000;

export type Standing = "insecure" | "ios" | "unsupported" | "switched_off" | "denied" | "off" | "on";

/** The browser did not get an address from its maker's push service. */
export class Unreached extends Error {
  override readonly name = "Unreached";
}

const push = shallowRef<Push | null>(null);
/** One's own browsers; null until loaded. */
export const mine = shallowRef<Subscription[] | null>(null);
/** Which of them is this one; null: none. */
export const thisOne = ref<string | null>(null);
const permission = ref<NotificationPermission>("default");

const here = () =>
  can({
    secure: window.isSecureContext,
    able: "serviceWorker" in navigator && "PushManager" in window && "Notification" in window,
    agent: navigator.userAgent,
    touch: navigator.maxTouchPoints,
  });

export const standing = computed<Standing | null>(() => {
  const able = here();
  if (able !== "yes") return able;
  if (push.value === null || mine.value === null) return null;
  if (!push.value.enabled) return "switched_off";
  if (permission.value === "denied") return "denied";
  return current.value === undefined ? "off" : "on";
});

/** What the gateway knows of this browser. */
export const current = computed(() => mine.value?.find((one) => one.id === thisOne.value));

/** As the gateway calls a subscription (gateway/push/subscription.py). */
async function idOf(endpoint: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(endpoint));
  return Array.from(new Uint8Array(digest).slice(0, 8), (one) => one.toString(16).padStart(2, "0")).join("");
}

/** Look how it stands; throws when the gateway cannot say. */
export async function look(): Promise<void> {
  if (here() !== "yes") return;
  permission.value = Notification.permission;
  const [asked, listed, made] = await Promise.all([
    get<Push>("/push"),
    get<Items<Subscription>>("/push/subscriptions"),
    worker().then((one) => one?.pushManager.getSubscription()),
  ]);
  thisOne.value = made ? await idOf(made.endpoint) : null;
  push.value = asked;
  mine.value = listed.items;
}

let last: Promise<unknown> = Promise.resolve();

/** What changes the browser's subscription is done one after the other: what `renew` finds without
 * a user may be what somebody is just switching on. */
function inTurn<T>(what: () => Promise<T>): Promise<T> {
  const done = last.then(what);
  last = done.catch(() => undefined);
  return done;
}

/** Switch on, or change what this device is told; throws why not. */
export async function switchOn(wish: Wish): Promise<void> {
  // At once: browsers let nobody ask long after a press.
  permission.value = await Notification.requestPermission();
  if (permission.value === "granted") await inTurn(() => on(wish));
}

/** Switch off one of one's browsers: this one, or one that is lost. */
export const switchOff = (id: string) => inTurn(() => off(id));

/** Whoever signs out takes their alerts from this device: the next person may be another. */
export const endHere = () =>
  inTurn(async () => {
    await look();
    if (current.value !== undefined) await off(current.value.id);
  });

/** At every start: after a change of the gateway's key, or of the language, alerts go on as before;
 * those of somebody else who was here end. */
export const renew = () => inTurn(renewed);

async function on(wish: Wish): Promise<void> {
  const { key } = await get<Push>("/push");
  if (key === null) return look(); // switched off meanwhile, and said so
  const { endpoint, keys } = (await subscribed(key)).toJSON();
  await post<Subscription>("/push/subscriptions", {
    endpoint,
    keys,
    label: labelOf(navigator.userAgent),
    language: spoken.value,
    priorities: WISHES[wish],
  });
  await look();
}

async function subscribed(key: string): Promise<PushSubscription> {
  const { pushManager } = await Promise.race([navigator.serviceWorker.ready, late()]);
  const before = await pushManager.getSubscription();
  const wanted = bytesOf(key);
  // One that was made for another key of the gateway is of no use to this one.
  if (before !== null && same(before.options.applicationServerKey, wanted)) return before;
  await before?.unsubscribe();
  try {
    const asked = pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: wanted });
    return await Promise.race([asked, late()]);
  } catch (why) {
    throw new Unreached(String(why));
  }
}

const same = (one: ArrayBuffer | null, other: Uint8Array) =>
  one !== null && String(new Uint8Array(one)) === String(other);

const late = () =>
  new Promise<never>((_, fail) => {
    window.setTimeout(() => fail(new Error("no answer in time")), SUBSCRIBE_MS);
  });

async function off(id: string): Promise<void> {
  await remove(path("push", "subscriptions", id));
  if (id === thisOne.value) await (await (await worker())?.pushManager.getSubscription())?.unsubscribe();
  await look();
}

export const test = (id: string) => post<Tested>(path("push", "subscriptions", id, "test"), {}, TEST_MS);

async function renewed(): Promise<void> {
  if (here() !== "yes" || Notification.permission !== "granted") return;
  await look();
  const made = await (await worker())?.pushManager.getSubscription();
  const one = current.value;
  if (one === undefined) {
    await made?.unsubscribe(); // the gateway hears of it with the next message
    return;
  }
  if (!push.value?.key) return;
  const known = same(made?.options.applicationServerKey ?? null, bytesOf(push.value.key));
  if (known && one.language === spoken.value) return;
  if (!known) await remove(path("push", "subscriptions", one.id)); // made for a key that is no more
  const { endpoint, keys } = (await subscribed(push.value.key)).toJSON();
  await post<Subscription>("/push/subscriptions", {
    endpoint,
    keys,
    label: one.label,
    language: spoken.value,
    priorities: one.priorities,
  });
  await look();
}
