"""Campaigns as they stand, how far schools are, and reports that are due or signed."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from audit.campaign import CheckStanding, Level, MarkState, Phase, ReportState
from audit.reports.weekly import LONGEST
from gateway.api.models.shapes import Identifier, In, Moment, Names, Out
from gateway.campaigns.form import CampaignForm

Subject = Annotated[
    str,
    StringConstraints(pattern=r"^(\*|(school|region):[A-Za-z0-9._-]{1,64})$", max_length=80),
    Field(examples=["school:no3-middle"], description="`school:ID`, `region:ID` or `*`."),
]
ReportKind = Literal["weekly", "deadline"]
Period = Annotated[
    str,
    StringConstraints(min_length=1, max_length=64),
    Field(
        examples=["2026-11-27"],
        description="Of a weekly report the local day it is due, else the deadline's id.",
    ),
]
Remark = Annotated[str, StringConstraints(max_length=LONGEST)]


class CampaignStageOut(Out):
    """A stage; both days belong to it."""

    id: str
    name: Names
    begins: date
    ends: date
    phase: Phase


class CampaignCheckOut(Out):
    """Something each school has to see to. `proven`: a verdict says so, and nobody ticks it off."""

    id: str
    text: Names
    stage: str
    policy: str
    item: str
    proven: bool


class CampaignDeadlineOut(Out):
    """Something a level hands in once."""

    id: str
    level: Level
    name: Names
    due: Moment


class CampaignWeeklyOut(Out):
    """A report that a level hands in every week; Monday is 1, `at` is local time."""

    level: Level
    weekday: int
    at: str = Field(examples=["15:00"])
    begins: date
    ends: date


class CampaignOut(Out):
    """A campaign as it stands. `regions` empty: all there are."""

    id: str
    version: int
    name: Names
    source: str
    begins: date
    ends: date
    phase: Phase
    regions: list[str]
    stages: list[CampaignStageOut]
    checks: list[CampaignCheckOut]
    deadlines: list[CampaignDeadlineOut]
    weekly: list[CampaignWeeklyOut]
    cancelled: str = Field(description="Why it was called off; empty: it was not.")
    form: CampaignForm = Field(description="As it is changed: sent back with what is new.")


class CampaignTemplateOut(Out):
    """A campaign to begin from."""

    id: str
    name: Names
    source: str
    begins: date
    ends: date
    stages: int
    checks: int


class FromTemplateIn(In):
    """Begin a campaign from a template: everything moves along to the day it begins."""

    template: Identifier
    id: Identifier
    begins: date
    name_zh: str = Field("", max_length=200)
    name_en: str = Field("", max_length=200)
    regions: tuple[Identifier, ...] = Field((), max_length=200)


class CancelCampaignIn(In):
    """Call it off; nothing of it is deleted."""

    reason: str = Field(min_length=1, max_length=1000)


class CampaignTallyOut(Out):
    """Schools, and checks over all of them."""

    schools: int
    complete: int = Field(description="Schools that have seen to everything.")
    late: int = Field(description="Schools with something overdue.")
    checks: int
    seen_to: int
    overdue: int
    findings: int


class CampaignStageProgressOut(Out):
    """A stage over all schools in scope."""

    stage: str
    checks: int
    seen_to: int
    overdue: int


class CampaignRegionOut(Out):
    """A region with all that lies in it."""

    region: str
    name: Names
    parent: str | None
    level: Level
    tally: CampaignTallyOut


class CampaignProgressOut(Out):
    """How far a campaign is in the caller's scope."""

    as_of: Moment
    whole: CampaignTallyOut
    stages: list[CampaignStageProgressOut]
    regions: list[CampaignRegionOut]


class CampaignSchoolOut(Out):
    """How far a school is."""

    school: str
    name: Names
    region: str | None
    checks: int
    seen_to: int
    overdue: int
    findings: int
    last: Moment | None = Field(description="When it marked something last.")


class CampaignMarkOut(Out):
    """What a school says of a check, signed."""

    state: MarkState
    text: str
    by: str
    at: Moment
    hazard: int | None


class CampaignCheckLineOut(Out):
    """One check of a school."""

    check: CampaignCheckOut
    state: CheckStanding
    mark: CampaignMarkOut | None


class CampaignChecksOut(Out):
    """A school's checklist."""

    progress: CampaignSchoolOut
    lines: list[CampaignCheckLineOut]
    may_mark: bool = Field(description="Whether the caller may mark what is not proven.")


class CampaignMarkIn(In):
    """Say how a check stands. What was found, and why something does not apply, is said."""

    state: MarkState
    text: str = Field("", max_length=1000)
    hazard: int | None = Field(None, ge=1, le=2**53, description="Number in the hazard ledger.")


class DueReportOut(Out):
    """A report that is due from somebody, as it stands."""

    campaign: str
    campaign_name: Names
    kind: ReportKind
    period: str
    name: Names | None = Field(description="Of what is handed in once.")
    subject: str
    subject_name: Names
    level: Level
    due: Moment
    opens: Moment = Field(description="From then on it can be signed.")
    since: Moment
    until: Moment
    state: ReportState
    zero: bool | None = Field(description="Whether it says that nothing happened; null: unsigned.")
    signed: Moment | None
    by: str


class WeekRateOut(Out):
    """An item over all schools, at the end of the week."""

    policy: str
    item: str
    name: Names
    met: int
    failed: int
    unknown: int


class SpecialReportOut(Out):
    """An emergency and whether those above were told in time. Times count from its occurrence."""

    alert: int
    school: str
    school_name: Names
    condition: str
    condition_name: Names
    raised: Moment
    false: bool
    telephone: SpecialFormOut
    written: SpecialFormOut


class SpecialFormOut(Out):
    """One form of the report: `met`, `missed` (late, or not done in time), `open`, `not_due`."""

    state: Literal["met", "missed", "open", "not_due"]
    due: Moment
    done: Moment | None


class WeekFiguresOut(Out):
    """What the facts say of the week; null: nobody counts it here."""

    schools: int
    nothing: bool = Field(description="No emergency and no hazard found: a zero report.")
    emergencies: int
    false: int
    alerts: int
    standing: int
    orders_opened: int
    orders_closed: int
    orders_overdue: int
    hazards_found: int | None
    hazards_closed: int | None
    hazards_open: int | None
    hazards_overdue: int | None
    rates: list[WeekRateOut]
    emergencies_listed: list[SpecialReportOut]
    more: int


class ReportSigningOut(Out):
    """That somebody answers for it: the first, or a correction with its reason."""

    by: str
    at: Moment
    text: str
    reason: str


class ReportDetailOut(Out):
    """A report: as it was signed, or as it would be signed now."""

    due: DueReportOut
    figures: WeekFiguresOut | None
    signings: list[ReportSigningOut]
    may_sign: bool
    called_off: bool = Field(description="Its campaign was: nothing is signed any more.")


class SignReportIn(In):
    """Answer for a report. `zero` says that nothing happened; who corrects gives a `reason`."""

    campaign: Identifier
    kind: ReportKind
    period: Period
    subject: Subject
    zero: bool = False
    text: Remark = ""
    reason: str = Field("", max_length=1000)


class HandedInOut(Out):
    """Who has handed in a report of one week, or one deadline, and who has not."""

    campaign: str
    kind: ReportKind
    period: str
    due: Moment | None = Field(description="The latest of them; null: nobody is asked.")
    counts: dict[ReportState, int]
    items: list[DueReportOut]


SpecialReportOut.model_rebuild()
