// What a technician sends while a verification runs; all of it by way of the queue.
import { path } from "@/api/client";
import type { Names } from "@/api/types";
import { deliver } from "@/outbox/outbox";
import type { Delivered } from "@/outbox/queue";
import { now } from "@/stream/stream";

/** A test that begins minutes after it was asked for begins with nobody at the device. */
const START_WITHIN_MS = 60_000;

type Device = { school: string; id: string; name: Names };

export const startPath = (device: { school: string; id: string }) =>
  path("devices", device.school, device.id, "verify");
export const confirmPath = (id: string) => path("verifications", id, "confirm");
export const deviceLane = (device: { school: string; id: string }) =>
  `device ${device.school}/${device.id}`;

const runLane = (id: string) => `verification ${id}`;

/** What the technician says in a full-load test. */
export type LoadStep = { name: string } | { on: true } | { finished: true };

/** `test`: another test than the usual one of its kind. */
export function askForRun(device: Device, test: "" | "load-test" = ""): Promise<Delivered> {
  return deliver({
    method: "POST",
    path: startPath(device),
    body: { asked: now.value, test },
    lane: deviceLane(device),
    word: "page.outbox.act.verify",
    thing: device.name,
    until: Date.now() + START_WITHIN_MS,
  });
}

/** `due`: when the gateway stops waiting, by its clock. Not sent after that. */
export function confirmPress(id: string, thing: Names | null, due: number): Promise<Delivered> {
  return deliver({
    method: "POST",
    path: confirmPath(id),
    body: {},
    lane: runLane(id),
    word: "page.outbox.act.confirm",
    thing,
    until: Date.now() + (due - now.value),
  });
}

/** The word of who began the run that the police had the test. */
export function attestRun(id: string, thing: Names | null, due: number | null): Promise<Delivered> {
  return deliver({
    method: "POST",
    path: confirmPath(id),
    body: {},
    lane: runLane(id),
    word: "page.outbox.act.attest",
    thing,
    until: due === null ? null : Date.now() + (due - now.value),
  });
}

/** The police behind `link` were told beforehand: `told` says whom and how. */
export function giveNotice(
  id: string,
  thing: Names | null,
  { link, told }: { link: string; told: string },
): Promise<Delivered> {
  return deliver({
    method: "POST",
    path: path("verifications", id, "notice"),
    body: { link, told, asked: now.value },
    lane: runLane(id),
    word: "page.outbox.act.notice",
    thing,
    until: Date.now() + START_WITHIN_MS,
  });
}

/** `load`: the figure is the power of a load that is switched on next. */
export function sendReading(
  id: string,
  thing: Names | null,
  { value, load, due }: { value: number; load: boolean; due: number | null },
): Promise<Delivered> {
  return deliver({
    method: "POST",
    path: path("verifications", id, "input"),
    body: { value, load },
    lane: runLane(id),
    word: "page.outbox.act.reading",
    thing,
    until: due === null ? null : Date.now() + (due - now.value),
  });
}

/** A step of a full-load test. */
export function sendLoadStep(
  id: string,
  thing: Names | null,
  step: LoadStep,
  due: number | null,
): Promise<Delivered> {
  return deliver({
    method: "POST",
    path: path("verifications", id, "input"),
    body: step,
    lane: runLane(id),
    word: "page.outbox.act.load",
    thing,
    until: due === null ? null : Date.now() + (due - now.value),
  });
}

export function cancelRun(id: string, thing: Names | null): Promise<Delivered> {
  return deliver({
    method: "POST",
    path: path("verifications", id, "cancel"),
    body: {},
    lane: runLane(id),
    word: "page.outbox.act.cancel",
    thing,
    until: Date.now() + START_WITHIN_MS,
  });
}
