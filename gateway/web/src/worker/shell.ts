// Which requests the service worker answers: the page itself and the files it starts with. Nothing
// else, and above all no answer of the gateway and no live stream: those must be as they are now.

export type Way = "page" | "shell" | "not ours";

type Asked = { method: string; mode: string; url: string };

/** Addresses of the gateway that are no pages of the application. */
const OTHERS = /^\/(api|acknowledge|healthz|readyz|metrics)(\/|$)/;

/** How a request is answered. `shell` are the paths of the files that the page starts with. */
export function wayOf(asked: Asked, origin: string, shell: ReadonlySet<string>): Way {
  const url = new URL(asked.url);
  if (asked.method !== "GET" || url.origin !== origin || OTHERS.test(url.pathname)) return "not ours";
  if (asked.mode === "navigate") return /\.\w+$/.test(url.pathname) ? "not ours" : "page";
  return url.pathname !== "/" && shell.has(url.pathname) ? "shell" : "not ours";
}

/** What a proxy says in front of a gateway that is away. */
export const isAway = (status: number) => status >= 502 && status <= 504;
