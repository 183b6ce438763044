"""Coverage: which items of the policies are met, failed or unknown, where, and what is missing."""

from __future__ import annotations

from typing import TypeAlias

from pydantic import Field

from audit.roster import SchoolKind
from audit.verification.model import Verdict
from gateway.api.models.shapes import Moment, Names, Out
from gateway.coverage.repairs import Doing

Detail: TypeAlias = "bool | int | float | str | None"


class PolicyItemOut(Out):
    """One item of a policy."""

    item: str = Field(examples=["alarm"])
    name: Names
    proof: str = Field(
        examples=["devices"],
        description="`devices`: by what the gateway measured; `attested`: by a signed statement.",
    )


class CoveragePolicyOut(Out):
    """A policy as it was in effect at the instant asked for."""

    policy: str = Field(examples=["six-100"])
    version: int = Field(examples=[1])
    valid_from: str = Field(examples=["2023-11-22"], description="A day; it changes no verdict.")
    name: Names
    source: str = Field(description="The notice or standard that asks for it.")
    since: Moment = Field(description="When the gateway knew of this version.")
    items: list[PolicyItemOut]


class ItemFiguresOut(Out):
    """An item over schools. The rate is of all listed schools: unknown is not met."""

    item: str = Field(examples=["alarm"])
    met: int = Field(examples=[1_873])
    failed: int = Field(examples=[92])
    unknown: int = Field(examples=[35])
    schools: int = Field(examples=[2_000], description="Listed schools: the denominator.")
    rate: float | None = Field(
        examples=[0.9365], description="`met / schools`, 0 to 1; `null`: no school is listed."
    )


class PolicyFiguresOut(Out):
    """A policy over schools."""

    policy: str = Field(examples=["six-100"])
    version: int = Field(examples=[1])
    schools: int = Field(examples=[2_000])
    complete: int = Field(examples=[1_702], description="Schools of which every item is met.")
    failed: int = Field(examples=[201], description="Schools of which an item is failed.")
    items: list[ItemFiguresOut]


class CoverageOut(Out):
    """The rates at an instant, as they were known then."""

    at: Moment
    region: str | None = Field(description="`null`: all that the caller sees.")
    first: Moment | None = Field(
        description="The earliest instant at which a policy was known; `null`: none is."
    )
    changed: int = Field(
        examples=[71_204], description="Grows whenever a verdict or its reasons change."
    )
    behind: int = Field(
        examples=[0], description="Facts not yet judged: more than 0 only for moments."
    )
    policies: list[PolicyFiguresOut]


class CoverageChangedOut(Out):
    """Whether what was shown is still so: cheap, to be asked often."""

    changed: int = Field(description="Grows whenever a verdict or its reasons change.")
    behind: int = Field(description="Facts not yet judged.")


class RegionFiguresOut(Out):
    """A region with all regions inside it."""

    region: str | None = Field(
        examples=["east-county"], description="`null`: schools that are listed in no region."
    )
    parent: str | None
    name: Names
    schools: int = Field(examples=[214])
    complete: int = Field(examples=[201], description="Schools of which every item is met.")
    failed: int = Field(examples=[9], description="Schools of which an item is failed.")
    items: list[ItemFiguresOut]


class CoverageRegionsOut(Out):
    """The regions that hold listed schools, and those around them, in no order."""

    at: Moment
    policy: str
    version: int
    items: list[PolicyItemOut]
    regions: list[RegionFiguresOut]


class SchoolItemOut(Out):
    """An item at a school, in brief."""

    item: str = Field(examples=["alarm"])
    verdict: Verdict
    since: Moment = Field(description="Since when it has been so, for the same reasons.")
    pending: bool = Field(
        description="Met, but there is a fault younger than the time that a repair may take."
    )
    missing: int = Field(examples=[2], description="How many things stand in the way.")


class SchoolCoverageOut(Out):
    """A school with the items of a policy."""

    school: str = Field(examples=["no3-middle"])
    name: Names
    region: str | None
    region_name: Names | None
    complete: bool = Field(description="Whether every item is met.")
    items: list[SchoolItemOut]


class CoverageReasonOut(Out):
    """Why an item is not plainly met, or what keeps it met for a while only.

    Put into words with `coverage.reason.{code}` and the inputs.
    """

    code: str = Field(examples=["too_few"])
    part: str = Field(examples=["installed"], description="The part of the item it is about.")
    verdict: Verdict = Field(
        description="What it makes of the item; while `pending`, from `due` on. `met`: only tells."
    )
    device: str = Field(description="A device of the school; empty: of none.", examples=["cam-4"])
    device_name: Names | None
    place: str = Field(description="A place of the school; empty: of none.", examples=["gate"])
    place_name: Names | None
    link: str = Field(description="A link of the school to the police; empty: of none.")
    since: Moment | None
    due: Moment | None = Field(description="While pending: until when it may be repaired.")
    evidence: int | None = Field(
        examples=[48_211], description="The row of the fact that proves it; see `GET /facts`."
    )
    pending: bool = Field(description="A fault younger than the time that a repair may take.")
    inputs: dict[str, Detail]


class SheetItemOut(Out):
    """An item on the sheet of a school."""

    item: str
    name: Names
    proof: str
    verdict: Verdict
    since: Moment
    until: Moment | None = Field(
        description="The earliest instant at which it may change without anything new becoming "
        "known; `null`: none, or of the past."
    )
    pending: bool
    reasons: list[CoverageReasonOut]


class SheetPolicyOut(Out):
    """A policy on the sheet of a school."""

    policy: str
    version: int
    name: Names
    source: str
    complete: bool
    items: list[SheetItemOut]


class SheetBaselineOut(Out):
    """What the school must have was signed by whom."""

    version: int
    signed: Moment
    signed_by: str
    confirmed_by: str = Field(description="The second person; empty: one signature was enough.")


class SchoolSheetOut(Out):
    """Everything that is judged about one school at an instant."""

    at: Moment
    first: Moment | None = Field(
        description="The earliest instant at which a policy was known; `null`: none is."
    )
    school: str
    name: Names
    region: str | None
    region_name: Names | None
    listed: bool = Field(description="Whether it is on the roster; otherwise it does not count.")
    kind: SchoolKind | None = Field(description="By the roster, as the following four.")
    pupils: int | None
    boarders: int | None
    key_target: bool | None
    baseline: SheetBaselineOut | None
    policies: list[SheetPolicyOut]


class GapOut(Out):
    """One thing that stands in the way of an item at a school."""

    school: str
    name: Names
    region: str | None
    region_name: Names | None
    policy: str
    item: str
    verdict: Verdict
    since: Moment
    reason: CoverageReasonOut


class GapCountOut(Out):
    """How often something is missing, over all pages."""

    code: str
    gaps: int
    schools: int


class GapPageOut(Out):
    """Part of the list of gaps, by school. `total` and `counts` come with the first page."""

    at: Moment
    items: list[GapOut]
    total: int | None = Field(description="Over all pages.")
    counts: list[GapCountOut] | None
    next: str | None = None


class RepairOut(Out):
    """One thing to do at a school: a device to mend, a statement to sign, something to install."""

    what: Doing
    items: list[str] = Field(description="The items it is needed for.")
    reasons: list[CoverageReasonOut]


class WhatIfSchoolOut(Out):
    """A school that is met once these are done, and what the rate is then."""

    school: str
    name: Names
    region: str | None
    region_name: Names | None
    repairs: list[RepairOut]
    repairs_so_far: int = Field(examples=[14], description="Of this school and of those before.")
    met_so_far: int = Field(examples=[2_000])
    rate_so_far: float = Field(examples=[1.0])


class WhatIfOut(Out):
    """What stands between now and a rate: schools with the shortest list first."""

    at: Moment
    policy: str
    item: str | None = Field(description="`null`: a school counts when every item is met.")
    region: str | None
    target: float = Field(examples=[1.0])
    schools: int = Field(description="Listed schools: the denominator.")
    met: int
    repairs: int = Field(examples=[14], description="How many reach the target.")
    reachable: bool = Field(description="Whether the schools there are come to the target.")
    steps: list[WhatIfSchoolOut] = Field(description="At most `limit`; the figures are of all.")


class TrendPointOut(Out):
    """The rates at one instant."""

    at: Moment
    schools: int
    complete: int
    failed: int
    items: list[ItemFiguresOut]


class TrendOut(Out):
    """The rates over time, as they were known at each instant."""

    policy: str
    region: str | None
    points: list[TrendPointOut]


class CoverageDrawnOut(Out):
    """The verdicts were drawn: totals by region and a digest of every verdict are a fact now."""

    at: Moment
    row: int = Field(description="The last fact that was judged.")
    policies: dict[str, str] = Field(
        description="By policy: SHA-256 over all its verdicts, as in the fact `coverage_drawn`."
    )
