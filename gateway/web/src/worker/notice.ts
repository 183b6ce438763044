// What the gateway sends to a browser (gateway/push/notice.py), and the notification made of it.

export type Notice = {
  kind: "alert" | "end" | "digest" | "test";
  tag: string;
  title: string;
  body: string;
  url: string;
  lang: string;
  priority: string;
  again: boolean;
  at: number;
};

/** TypeScript knows fewer fields than browsers do. */
export type Shown = NotificationOptions & {
  renotify: boolean;
  timestamp: number;
  vibrate?: number[];
  data: { url: string };
};

/** What a message says; null when it is none that this build understands. */
export function noticeOf(said: unknown): Notice | null {
  if (typeof said !== "object" || said === null) return null;
  const one = said as Partial<Notice>;
  const texts = [one.kind, one.tag, one.title, one.body, one.url, one.lang, one.priority];
  if (texts.some((text) => typeof text !== "string")) return null;
  return typeof one.again === "boolean" && typeof one.at === "number" ? (one as Notice) : null;
}

/** The notification: one a tag; it sounds when somebody has to act, and also when it is pressed
 * again; an emergency stays until somebody has looked. */
export function shownAs(one: Notice): Shown {
  const emergency = one.priority === "emergency" && one.kind === "alert";
  return {
    body: one.body,
    tag: one.tag,
    lang: one.lang,
    icon: "/icons/mark-192.png",
    badge: "/icons/badge-96.png",
    renotify: one.again,
    silent: !one.again,
    requireInteraction: emergency,
    timestamp: one.at,
    data: { url: one.url },
    ...(emergency ? { vibrate: [400, 150, 400, 150, 400] } : {}),
  };
}

/** Where a click leads: within this page, whatever was sent. */
export function placeOf(url: unknown, origin: string): string {
  const place = new URL(typeof url === "string" ? url : "/", origin);
  return place.origin === origin ? place.pathname + place.search : "/";
}
