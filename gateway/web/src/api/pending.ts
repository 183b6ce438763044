// Shapes of routes that are being built; replaced by the generated ones as they land.
import type { Device, Names } from "@/api/types";

export type Verdict = "met" | "failed" | "unknown";
export type Exchange = {
  path: string;
  started: number;
  elapsed_ms: number;
  result: string;
  reason: string;
  sent: string;
  received: string;
};
export type Step = {
  step: string;
  title: Names;
  started: number | null;
  due: number | null;
  ended: number | null;
  verdict: Verdict | null;
  text: Names | null;
  exchanges: Exchange[];
};
export type Verification = {
  id: string;
  version: number;
  kind: string;
  school: string;
  school_name: Names;
  device: { school: string; id: string; kind: string; name: Names } | null;
  link: string | null;
  place: Names | null;
  actor: string;
  started: number;
  ended: number | null;
  verdict: Verdict | null;
  waits_for: string;
  steps: Step[];
  text: Names | null;
  advice: Names | null;
};

export type Found = Pick<Device, "school" | "id" | "kind" | "name"> & { registered: boolean };
