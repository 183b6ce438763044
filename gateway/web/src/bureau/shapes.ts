// The shapes of the coverage interface under the names that the bureau's pages use.
import type { components } from "@/api/schema";

type Shapes = components["schemas"];

export type PolicyItem = Shapes["PolicyItemOut"];
export type Policy = Shapes["CoveragePolicyOut"];
/** What figures of all, of a region and of a day have in common. */
export type Figures = Pick<Shapes["PolicyFiguresOut"], "schools" | "complete" | "failed" | "items">;
export type Coverage = Shapes["CoverageOut"];
export type RegionFigures = Shapes["RegionFiguresOut"];
export type Regions = Shapes["CoverageRegionsOut"];
export type SchoolVerdicts = Shapes["SchoolCoverageOut"];
export type Reason = Shapes["CoverageReasonOut"];
export type Gaps = Shapes["GapPageOut"];
export type Repair = Shapes["RepairOut"];
export type WhatIf = Shapes["WhatIfOut"];
export type Trend = Shapes["TrendOut"];
export type Sheet = Shapes["SchoolSheetOut"];
