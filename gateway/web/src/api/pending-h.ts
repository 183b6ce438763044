// Shapes of routes that the OpenAPI document does not hold yet; goes when they are generated.
import type { Names } from "@/api/types";

export type PoliceLinkCounts = {
  up: number;
  degraded: number;
  down: number;
  unverified: number;
  total: number;
};
export type LinkState = "up" | "degraded" | "down" | "unverified";
export type LinkPath = {
  path: "primary" | "backup";
  address: string;
  transport: string;
  encrypted: boolean;
  state: "up" | "down" | "unknown";
  last_ack: number | null;
  ack_ms: number | null;
  error: string;
};
export type LinkFigures = {
  availability_pct: number | null;
  mean_ack_ms: number | null;
  max_ack_ms: number | null;
  outages: number;
  down_ms: number;
};
export type Verdict = "met" | "failed" | "unknown";
export type Link = {
  id: string;
  school: string;
  school_name: Names;
  name: string;
  kind: "dc09" | "http_push" | "observed";
  state: LinkState;
  since: number;
  cause: string;
  cause_text: Names;
  category: string;
  telephone: string;
  paths: LinkPath[];
  last_test: { id: string; ended: number; verdict: Verdict } | null;
  test_due: number | null;
  clock_offset_ms: number | null;
  month: LinkFigures;
};
export type Exchange = {
  link?: string;
  path: "primary" | "backup";
  started: number;
  elapsed_ms: number;
  result: string;
  reason: string;
  sent: string;
  received: string;
};
export type LinkDetail = Link & {
  outages: { state: LinkState; since: number; until: number | null; cause: string; cause_text: Names }[];
  months: ({ month: string } & LinkFigures)[];
  exchanges: Exchange[];
};
export type AlertPoliceLink = {
  link: string;
  name: string;
  telephone: string;
  state: "sending" | "acknowledged" | "unacknowledged";
  path: "primary" | "backup" | null;
  ack_ms: number | null;
  attempts: number;
  since: number;
  error: string;
};
export type AlertPolice = {
  state: "sending" | "acknowledged" | "unacknowledged";
  links: AlertPoliceLink[];
};
export type VerificationStep = {
  step: string;
  title: Names;
  started: number | null;
  due: number | null;
  ended: number | null;
  verdict: Verdict | null;
  text: Names;
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
  steps: VerificationStep[];
  text: Names;
  advice: Names;
};
