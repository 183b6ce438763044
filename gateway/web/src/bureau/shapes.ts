// The shapes of the coverage interface as the pages use them.
import type { Names, Scalar, Verdict } from "@/api/types";

export type PolicyItem = { item: string; name: Names; proof: string };
export type Policy = {
  policy: string;
  version: string;
  name: Names;
  source: string;
  since: number;
  items: PolicyItem[];
};
export type ItemFigures = {
  item: string;
  met: number;
  failed: number;
  unknown: number;
  schools: number;
  rate: number | null;
};
/** Figures of a scope; `failed`: schools of which at least one item is. */
export type Figures = { schools: number; complete: number; failed?: number; items: ItemFigures[] };
export type Coverage = {
  at: number;
  region: string | null;
  behind: number;
  changed?: number;
  first?: number | null;
  policies: (Figures & { policy: string; version: string })[];
};
export type RegionFigures = Figures & { region: string | null; parent: string | null; name: Names };
export type Regions = {
  at: number;
  policy: string;
  version: string;
  items: PolicyItem[];
  regions: RegionFigures[];
};
export type SchoolVerdicts = {
  school: string;
  name: Names;
  region: string | null;
  region_name: Names | null;
  complete: boolean;
  items: { item: string; verdict: Verdict; since: number; pending: boolean; missing: number }[];
};
export type Reason = {
  code: string;
  part: string;
  verdict?: Verdict;
  device: string;
  device_name?: Names | null;
  place: string;
  place_name: Names | null;
  link?: string;
  since: number | null;
  due?: number | null;
  /** The row of the fact that proves it; `null`: nothing was ever said. */
  evidence: number | null;
  /** A fault that may still be repaired in time. */
  pending: boolean;
  inputs: Record<string, Scalar>;
};
export type Gap = {
  school: string;
  name: Names;
  region: string | null;
  region_name: Names | null;
  policy: string;
  item: string;
  verdict: Verdict;
  since: number;
  reason: Reason;
};
export type Gaps = {
  at: number;
  items: Gap[];
  counts: { code: string; gaps: number; schools: number }[] | null;
  total?: number | null;
  next?: string | null;
};
/** One thing to do, and all that it does away with. */
export type Repair = { what: string; items: string[]; reasons: Reason[] };
export type WhatIfSchool = {
  school: string;
  name: Names;
  region: string | null;
  region_name: Names | null;
  repairs: Repair[];
  repairs_so_far: number;
  met_so_far: number;
  rate_so_far: number;
};
export type WhatIf = {
  at: number;
  policy: string;
  item: string | null;
  region: string | null;
  target: number;
  schools: number;
  met: number;
  repairs: number;
  reachable: boolean;
  steps: WhatIfSchool[];
};
export type Trend = { policy: string; region: string | null; points: (Figures & { at: number })[] };
export type SheetItem = {
  item: string;
  name: Names;
  proof: string;
  verdict: Verdict;
  since: number;
  until: number | null;
  pending: boolean;
  reasons: Reason[];
};
export type SheetPolicy = {
  policy: string;
  version: string;
  name: Names;
  source: string;
  complete: boolean;
  items: SheetItem[];
};
export type Sheet = {
  at: number;
  school: string;
  name: Names;
  region: string | null;
  region_name: Names | null;
  listed: boolean;
  kind?: string;
  pupils?: number;
  boarders?: number;
  key_target?: boolean;
  first?: number | null;
  baseline?: { version: number; signed: number; signed_by: string; confirmed_by: string } | null;
  policies: SheetPolicy[];
};
