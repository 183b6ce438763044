// Floor plans: where devices are on them, in shares of the plan from the left and from the top.
import { get, path, Problem, put } from "@/api/client";
import type { Picture, Plan, Position } from "@/api/types";

/** What the gateway takes; an SVG is cleaned there of everything that is not drawing. */
export const ACCEPTED = "image/png,image/jpeg,image/svg+xml";

/** The plan of a place; null when it has none. */
export async function planOf(school: string, place: string): Promise<Plan | null> {
  try {
    return await get<Plan>(path("places", school, place, "plan"));
  } catch (why) {
    if (why instanceof Problem && why.status === 404) return null;
    throw why;
  }
}

export async function uploadPlan(school: string, place: string, file: Blob): Promise<void> {
  const { hash } = await put<Picture>("/pictures", file, { school });
  await put(path("places", school, place, "plan"), { picture: hash });
}

const inside = (share: number) => Math.min(1, Math.max(0, share));
/** A ten-thousandth of a plan: finer than anybody can place. */
const rounded = (share: number) => Math.round(share * 10_000) / 10_000;

export function at(place: string, x: number, y: number): Position {
  return { place, x: rounded(inside(x)), y: rounded(inside(y)) };
}

/** Where an arrow key moves to, by `step` of the plan's width or height; null for other keys. */
export function nudged(position: Position, key: string, step: number): Position | null {
  const { place, x, y } = position;
  switch (key) {
    case "ArrowLeft":
      return at(place, x - step, y);
    case "ArrowRight":
      return at(place, x + step, y);
    case "ArrowUp":
      return at(place, x, y - step);
    case "ArrowDown":
      return at(place, x, y + step);
    default:
      return null;
  }
}
