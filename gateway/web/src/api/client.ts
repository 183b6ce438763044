// Asking the gateway: one function per verb, one error type, a time limit on every request.
import { turn } from "@/api/turns";

const PREFIX = "/api/v1";
const TIMEOUT_MS = 15_000;
/** A photo over a poor phone network. */
const UPLOAD_MS = 120_000;

/** What the gateway refused and why (RFC 9457), or that it could not be reached (status 0). */
export class Problem extends Error {
  override readonly name = "Problem";

  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly fields: { field: string; message: string }[] = [],
  ) {
    super(detail || code);
  }
}

type Query = Record<string, string | number | boolean | null | undefined>;

let signedOut: () => void = () => undefined;

/** Says what to do when the gateway no longer knows this session. */
export function onSignedOut(act: () => void): void {
  signedOut = act;
}

/** Where something is to be had: for links to files, and for `ask`. */
export function address(path: string, query: Query): string {
  const pairs = new URLSearchParams();
  for (const [key, value] of Object.entries(query))
    if (value !== undefined && value !== null && value !== "") pairs.set(key, String(value));
  const tail = pairs.toString();
  return PREFIX + path + (tail === "" ? "" : `?${tail}`);
}

async function problemOf(answer: Response): Promise<Problem> {
  try {
    const body = (await answer.json()) as Partial<{
      code: string;
      title: string;
      detail: string;
      errors: { field: string; message: string }[];
    }>;
    const detail = body.detail ?? body.title ?? "";
    return new Problem(answer.status, body.code ?? "", detail, body.errors ?? []);
  } catch {
    return new Problem(answer.status, "", answer.statusText);
  }
}

type Wish = {
  query?: Query;
  /** Sent as JSON; a Blob (a picture) goes as it is. */
  body?: unknown;
  headers?: Record<string, string>;
  /** For a question that the gateway answers only when something changed. */
  timeoutMs?: number;
};

async function ask<Answer>(
  method: string,
  path: string,
  { query = {}, body, headers: more = {}, timeoutMs = TIMEOUT_MS }: Wish = {},
): Promise<Answer> {
  const headers: Record<string, string> = { Accept: "application/json", ...more };
  if (method !== "GET") headers["X-Campus-Request"] = "1"; // a foreign site cannot set it
  const raw = body instanceof Blob;
  if (method === "GET") await turn(); // several are asked at once when something comes into view
  if (body !== undefined) headers["Content-Type"] = raw ? body.type : "application/json";
  let answer: Response;
  try {
    answer = await fetch(address(path, query), {
      method,
      headers,
      credentials: "same-origin",
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined ? {} : { body: raw ? body : JSON.stringify(body) }),
    });
  } catch (error) {
    const late = error instanceof DOMException && error.name === "TimeoutError";
    throw new Problem(0, late ? "timeout" : "network", String(error));
  }
  if (!answer.ok) {
    const problem = await problemOf(answer);
    if (answer.status === 401 && path !== "/session") signedOut();
    throw problem;
  }
  if (answer.status === 204) return undefined as Answer;
  const text = await answer.text();
  return (text === "" ? undefined : JSON.parse(text)) as Answer;
}

export const get = <Answer>(path: string, query: Query = {}, timeoutMs = TIMEOUT_MS) =>
  ask<Answer>("GET", path, { query, timeoutMs });
export const post = <Answer>(path: string, body: unknown = {}, timeoutMs = TIMEOUT_MS) =>
  ask<Answer>("POST", path, { body, timeoutMs });
/** One act under a key of its own: however often it is sent, it is done once. */
export const act = (
  method: "POST" | "PUT" | "DELETE",
  path: string,
  { body, key, timeoutMs }: { body: unknown; key: string; timeoutMs: number },
) => ask<unknown>(method, path, { body, headers: { "Idempotency-Key": key }, timeoutMs });
export const put = <Answer>(path: string, body: unknown, query: Query = {}) =>
  ask<Answer>("PUT", path, { body, query, timeoutMs: body instanceof Blob ? UPLOAD_MS : TIMEOUT_MS });
/** A file as it is, over a network that may be poor. */
export const upload = <Answer>(path: string, body: Blob, query: Query = {}) =>
  ask<Answer>("POST", path, { body, query, timeoutMs: UPLOAD_MS });
export const patch = <Answer>(path: string, body: unknown) => ask<Answer>("PATCH", path, { body });
export const remove = <Answer>(path: string, body?: unknown) =>
  ask<Answer>("DELETE", path, { body });

/** A path with each part escaped: ids may hold dots and other characters. */
export function path(...parts: (string | number)[]): string {
  return "/" + parts.map((part) => encodeURIComponent(part)).join("/");
}
