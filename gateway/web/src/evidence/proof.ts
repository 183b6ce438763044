// The proof that a fact is in the log, worked out here and not by the gateway: SHA-256 of the
// browser itself (WebCrypto), the tree of RFC 6962, and the signature of the head.
import type { FactProof } from "@/api/types";

export type Outcome = "holds" | "fails" | "unknown";

/** One step of the check; `found` is what was worked out, `wanted` what it should be. */
export type Step = {
  name: "subject" | "actor" | "body" | "leaf" | "path" | "head" | "signature";
  outcome: Outcome;
  found: string;
  wanted: string;
};

/** Whether this browser can hash: it offers that over https and on the machine itself only. */
export const canHash = (): boolean => window.isSecureContext;

const text = new TextEncoder();

function fromHex(hex: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(hex.length / 2);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = parseInt(hex.slice(2 * at, 2 * at + 2), 16);
  return bytes;
}

export function toHex(bytes: Uint8Array): string {
  return [...bytes].map((one) => one.toString(16).padStart(2, "0")).join("");
}

function fromBase64(coded: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(coded), (sign) => sign.charCodeAt(0));
}

function together(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

/** Of an entry of the log. */
export async function leafHash(leaf: string): Promise<string> {
  return toHex(await sha256(together(new Uint8Array([0]), text.encode(leaf))));
}

/** How a value stands in a leaf. */
export async function salted(salt: string, value: string): Promise<string> {
  return toHex(await sha256(together(fromHex(salt), text.encode(value))));
}

async function node(left: string, right: string): Promise<string> {
  return toHex(await sha256(together(new Uint8Array([1]), fromHex(left), fromHex(right))));
}

/** The root that a path leads to (RFC 9162, 2.1.3.2); null when it is no path of such a leaf. */
export async function rootOf(leaf: string, index: number, size: number, path: readonly string[]): Promise<string | null> {
  if (index < 0 || index >= size) return null;
  // Numbers may be beyond 32 bits: halves, not shifts.
  const half = (one: number) => Math.floor(one / 2);
  let at = index;
  let last = size - 1;
  let found = leaf;
  for (const one of path) {
    if (last === 0) return null;
    if (at % 2 === 1 || at === last) {
      found = await node(one, found);
      while (at !== 0 && at % 2 === 0) [at, last] = [half(at), half(last)];
    } else found = await node(found, one);
    [at, last] = [half(at), half(last)];
  }
  return last === 0 ? found : null;
}

/** A signed head: what it says, the text that is signed, and the lines of signatures. */
export type Head = { origin: string; size: number; root: string; signed: string; lines: { name: string; raw: Uint8Array<ArrayBuffer> }[] };

export function readHead(note: string): Head | null {
  const gap = note.lastIndexOf("\n\n");
  const [origin, size, root] = note.split("\n");
  if (gap < 0 || !origin || !size || !root || !/^\d{1,16}$/.test(size)) return null;
  try {
    const lines = note
      .slice(gap + 2)
      .split("\n")
      .filter((line) => line.startsWith("— "))
      .map((line) => {
        const [name = "", coded = ""] = line.slice(2).split(" ");
        return { name, raw: fromBase64(coded) };
      });
    return { origin, size: Number(size), root: toHex(fromBase64(root)), signed: note.slice(0, gap + 1), lines };
  } catch {
    return null;
  }
}

/** Whether the log's key signed the head; unknown where the browser knows no Ed25519. */
export async function signedBy(head: Head, key: string): Promise<Outcome> {
  // NAME+KEYID+KEY: base64 may hold plus signs of its own.
  const [name = "", id = "", ...rest] = key.split("+");
  const line = head.lines.find((one) => one.name === name && toHex(one.raw.slice(0, 4)) === id);
  if (!line || name !== head.origin) return "fails";
  try {
    const raw = fromBase64(rest.join("+")).slice(1);
    const known = await crypto.subtle.importKey("raw", raw, { name: "Ed25519" }, false, ["verify"]);
    const fits = await crypto.subtle.verify({ name: "Ed25519" }, known, line.raw.slice(4), text.encode(head.signed));
    return fits ? "holds" : "fails";
  } catch {
    return "unknown";
  }
}

const step = (name: Step["name"], found: string, wanted: string): Step => ({
  name,
  found,
  wanted,
  outcome: found === wanted ? "holds" : "fails",
});

/** Every step of the check, in order; after one that fails the others are worked out all the same. */
export async function check(proof: FactProof, key: string): Promise<Step[]> {
  let leaf: Record<string, unknown> = {};
  try {
    leaf = JSON.parse(proof.leaf) as Record<string, unknown>;
  } catch {
    leaf = {};
  }
  const steps: Step[] = [];
  for (const [name, salt, value] of [
    ["subject", proof.subject_salt, proof.subject],
    ["actor", proof.actor_salt, proof.actor],
    ["body", proof.body_salt, proof.body],
  ] as const)
    steps.push(step(name, await salted(salt, value), String(leaf[name])));
  const hashed = await leafHash(proof.leaf);
  steps.push(step("leaf", hashed, proof.hash));
  if (proof.head === null) return steps;
  const root = await rootOf(hashed, proof.index, proof.head.size, proof.path);
  steps.push(step("path", root ?? "", proof.head.root));
  const head = readHead(proof.head.note);
  steps.push(step("head", head === null ? "" : `${head.size} ${head.root}`, `${proof.head.size} ${proof.head.root}`));
  const signature = head === null ? "fails" : await signedBy(head, key);
  steps.push({ name: "signature", outcome: signature, found: key, wanted: key });
  return steps;
}

/** What it comes to: one that fails decides, then one that is unknown. */
export function outcome(steps: readonly Step[]): Outcome {
  if (steps.some((one) => one.outcome === "fails")) return "fails";
  return steps.some((one) => one.outcome === "unknown") ? "unknown" : "holds";
}
