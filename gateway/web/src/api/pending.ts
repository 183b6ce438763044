// Shapes of routes that are being built; replaced by the generated ones as they land.
import type { Device, Names, PriorityName } from "@/api/types";

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

export type Reason = {
  code: string;
  text: Names;
  advice: Names;
  priority: PriorityName | null;
  since: number | null;
};
export type Connectivity = {
  heard: number | null;
  expected: number | null;
  delay_ms: number | null;
  loss_pct_day: number | null;
  loss_pct_30d: number | null;
  reconnects_day: number | null;
  reboots_30d: number | null;
  battery_pct: number | null;
  battery_dies: { on: number; from: number | null; to: number | null } | null;
  signal_dbm: number | null;
  firmware: string | null;
  clock_offset_ms: number | null;
  repeater: string | null;
};
export type Diagnosis = {
  verdict: "ok" | "trouble" | "unknown";
  reasons: Reason[];
  connectivity: Connectivity;
};

export type TimelineDay = {
  day: number;
  messages: number;
  lost: number;
  reconnects: number;
  reboots: number;
  battery_pct: number | null;
  signal_dbm: number | null;
  state: "ok" | "trouble" | "silent" | "unknown";
};
export type Timeline = {
  days: TimelineDay[];
  alerts: {
    id: number;
    condition: string;
    priority: PriorityName;
    since: number;
    until: number | null;
  }[];
  verifications: { id: string; at: number; verdict: Verdict | null; kind: string }[];
};

export type Found = Pick<Device, "school" | "id" | "kind" | "name"> & { registered: boolean };
