"""Campaigns: what a notice asks of schools and bureaus, by when, and how far each of them is.

A notice (专项行动通知) names stages, what is to be checked, and deadlines by level. Dates are the
local days of one zone, as they stand in the notice; instants are ms UTC.

Pure: functions take ``now`` and the zone's name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from devices.model import is_identifier
from devices.recording.local_time import from_local, midnight, named_zone

MOST_STAGES: Final = 20
MOST_CHECKS: Final = 200
MOST_DEADLINES: Final = 100
LONGEST_DAYS: Final = 3 * 366
LONGEST_TEXT: Final = 1_000

_WEEK: Final = timedelta(days=7)


class Level(StrEnum):
    """Whose deadline it is. Departments and universities report for themselves."""

    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    SCHOOL = "school"
    DEPARTMENT = "department"
    UNIVERSITY = "university"


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of a campaign, from the day it begins to the day it ends, both included."""

    id: str
    name_zh: str
    name_en: str = ""
    begins: date
    ends: date


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """Something each school has to see to within a stage.

    ``policy`` and ``item`` name what proves it, when devices or an attestation do: then nobody
    ticks it off by hand.
    """

    id: str
    text_zh: str
    text_en: str = ""
    stage: str
    policy: str = ""
    item: str = ""

    @property
    def proven(self) -> bool:
        """Whether a verdict says that it is done, and no person."""
        return bool(self.item)


class Deadline(msgspec.Struct, frozen=True, kw_only=True):
    """Something a level hands in once: a plan, a summary. ``due`` is local time."""

    id: str
    level: Level
    name_zh: str
    name_en: str = ""
    due: datetime


class Weekly(msgspec.Struct, frozen=True, kw_only=True):
    """A report that a level hands in every week, also when nothing happened.

    ``weekday`` counts from Monday as 1 (ISO 8601), ``at`` is local time. ``begins`` and ``ends``
    bound the days on which one is due; empty: those of the campaign.
    """

    level: Level
    weekday: int = 5
    at: time = time(15, 0)
    begins: date | None = None
    ends: date | None = None


class Campaign(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign as it stands at one ``version``. ``regions`` empty: all there are.

    ``source`` names the notice. ``cancelled`` is why it was called off; empty: it was not.
    """

    id: str
    name_zh: str
    name_en: str = ""
    source: str = ""
    begins: date
    ends: date
    regions: tuple[str, ...] = ()
    stages: tuple[Stage, ...] = ()
    checks: tuple[Check, ...] = ()
    deadlines: tuple[Deadline, ...] = ()
    weekly: tuple[Weekly, ...] = ()
    cancelled: str = ""
    version: int = 1

    def stage(self, name: str) -> Stage | None:
        """The stage of that id."""
        return next((one for one in self.stages if one.id == name), None)

    def check(self, name: str) -> Check | None:
        """The check of that id."""
        return next((one for one in self.checks if one.id == name), None)

    def deadline(self, name: str) -> Deadline | None:
        """The deadline of that id."""
        return next((one for one in self.deadlines if one.id == name), None)


class Mistake(msgspec.Struct, frozen=True):
    """What is wrong with a campaign, and where: ``stages.0.ends``."""

    field: str
    message: str


class MarkState(StrEnum):
    """What a school says of a check."""

    DONE = "done"
    FINDING = "finding"  # checked, and something was found: it goes into the ledger of hazards
    NOT_APPLICABLE = "not_applicable"  # the school has nothing of the kind, for a reason


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """A check of a school, signed. ``at`` in ms; ``hazard`` is the number of a ledger entry."""

    state: MarkState
    by: str
    at: int
    text: str = ""
    hazard: int | None = None


class Phase(StrEnum):
    """Where something that has a beginning and an end stands."""

    COMING = "coming"
    UNDER_WAY = "under_way"
    OVER = "over"


class CheckStanding(StrEnum):
    """Where a check of a school stands."""

    DONE = "done"  # marked done, or proven
    FINDING = "finding"  # checked; what was found is in the ledger
    NOT_APPLICABLE = "not_applicable"
    OPEN = "open"
    OVERDUE = "overdue"  # its stage is over and nobody has marked it
    UNKNOWN = "unknown"  # it is proven by measuring, and nobody can measure it now


def began(zone: str, day: date) -> int:
    """When a day begins, in ms."""
    return midnight(zone, day)


def ended(zone: str, day: date) -> int:
    """When a day is over, in ms."""
    return midnight(zone, day + timedelta(days=1))


def phase(zone: str, begins: date, ends: date, now: int) -> Phase:
    """Where days from ``begins`` to ``ends`` stand at ``now``."""
    if now < began(zone, begins):
        return Phase.COMING
    return Phase.UNDER_WAY if now < ended(zone, ends) else Phase.OVER


def due_of(zone: str, wall: datetime) -> int:
    """A deadline's local time in ms."""
    return from_local(named_zone(zone), wall)


def standing(
    campaign: Campaign,
    check: Check,
    mark: Mark | None,
    met: bool | None,
    *,
    zone: str,
    now: int,
) -> CheckStanding:
    """Where a check of a school stands. ``met`` is the verdict of what proves it: ``None`` =
    unknown; a person's mark does not count where one does."""
    stage = campaign.stage(check.stage)
    over = stage is not None and now >= ended(zone, stage.ends)
    if check.proven:
        if met is True:
            return CheckStanding.DONE
        if over:
            return CheckStanding.OVERDUE
        return CheckStanding.UNKNOWN if met is None else CheckStanding.OPEN
    if mark is None:
        return CheckStanding.OVERDUE if over else CheckStanding.OPEN
    return CheckStanding(mark.state.value)


SEEN_TO: Final = frozenset(
    {CheckStanding.DONE, CheckStanding.FINDING, CheckStanding.NOT_APPLICABLE}
)
"""What counts as seen to; a finding does, for the ledger follows it up."""


class ReportWeek(msgspec.Struct, frozen=True, order=True):
    """One weekly report: due at ``due``, about ``[since, until)`` (all ms). ``day`` names it.

    It covers the seven days before the day on which it is due: they are over when it is written,
    and no instant lies between two reports.
    """

    due: int
    since: int
    until: int
    day: date


def weeks(campaign: Campaign, rule: Weekly, zone: str) -> Iterator[ReportWeek]:
    """The weekly reports that a rule asks for, in their order."""
    first = rule.begins or campaign.begins
    last = rule.ends or campaign.ends
    day = first + timedelta(days=(rule.weekday - first.isoweekday()) % 7)
    while day <= last:
        yield ReportWeek(
            due=due_of(zone, datetime.combine(day, rule.at)),
            since=midnight(zone, day - _WEEK),
            until=midnight(zone, day),
            day=day,
        )
        day += _WEEK


class ReportState(StrEnum):
    """Where a report that is due stands."""

    COMING = "coming"  # its week is not over
    DUE = "due"
    OVERDUE = "overdue"
    SIGNED = "signed"
    LATE = "late"  # signed after it was due


def report_state(due: int, opens: int, signed: int | None, now: int) -> ReportState:
    """Where a report stands; it can be signed from ``opens`` on. Times in ms."""
    if signed is not None:
        return ReportState.SIGNED if signed <= due else ReportState.LATE
    if now > due:
        return ReportState.OVERDUE
    return ReportState.DUE if now >= opens else ReportState.COMING


def levels(parents: Mapping[str, str | None], with_schools: Collection[str]) -> dict[str, Level]:
    """The level of each region: one with schools of its own is a county (or a district), the one
    around it a city, the one around that a province; what is further out is a province as well.

    ``parents`` has the region around each. A region that has neither schools nor regions in it is
    a county.
    """
    height = dict.fromkeys(parents, 0)
    around_others = set(parents.values())
    # From the innermost upwards; a circle in imported data must not hang anybody.
    for name in parents:
        step, high, seen = name, 0, {name}
        if name not in with_schools and name in around_others:
            continue
        while (around := parents.get(step)) is not None and around in parents:
            if around in seen:
                break
            seen.add(around)
            high += 1
            if around not in with_schools:
                height[around] = max(height[around], high)
            step = around
    by_height = (Level.COUNTY, Level.CITY, Level.PROVINCE)
    return {name: by_height[min(high, 2)] for name, high in height.items()}


def shifted(campaign: Campaign, begins: date) -> Campaign:
    """The same campaign beginning on another day: everything moves along by whole days."""
    by = begins - campaign.begins
    replace = msgspec.structs.replace
    return replace(
        campaign,
        begins=begins,
        ends=campaign.ends + by,
        stages=tuple(
            replace(one, begins=one.begins + by, ends=one.ends + by) for one in campaign.stages
        ),
        deadlines=tuple(replace(one, due=one.due + by) for one in campaign.deadlines),
        weekly=tuple(
            replace(
                one,
                begins=None if one.begins is None else one.begins + by,
                ends=None if one.ends is None else one.ends + by,
            )
            for one in campaign.weekly
        ),
    )


def mistakes(campaign: Campaign) -> list[Mistake]:
    """What does not fit together; nothing: it can be kept."""
    return [*_of_whole(campaign), *_of_stages(campaign), *_of_checks(campaign), *_of_due(campaign)]


def _of_whole(campaign: Campaign) -> Iterator[Mistake]:
    if not is_identifier(campaign.id):
        yield Mistake("id", "must be 1 to 64 of A-Z a-z 0-9 . _ -")
    if not campaign.name_zh.strip():
        yield Mistake("name_zh", "is missing")
    if campaign.ends < campaign.begins:
        yield Mistake("ends", "is before begins")
    elif (campaign.ends - campaign.begins).days > LONGEST_DAYS:
        yield Mistake("ends", "is more than three years after begins")
    for name, things, most in (
        ("stages", campaign.stages, MOST_STAGES),
        ("checks", campaign.checks, MOST_CHECKS),
        ("deadlines", campaign.deadlines, MOST_DEADLINES),
        ("weekly", campaign.weekly, len(Level)),
    ):
        if len(things) > most:
            yield Mistake(name, f"are {len(things)}; at most {most}")
    if not campaign.stages:
        yield Mistake("stages", "are none: a campaign has one at least")


def _of_stages(campaign: Campaign) -> Iterator[Mistake]:
    seen: set[str] = set()
    for at, stage in enumerate(campaign.stages):
        where = f"stages.{at}"
        yield from _identified(where, stage.id, seen)
        if stage.ends < stage.begins:
            yield Mistake(f"{where}.ends", "is before begins")
        if stage.begins < campaign.begins or stage.ends > campaign.ends:
            yield Mistake(f"{where}.begins", "lies outside the campaign")


def _of_checks(campaign: Campaign) -> Iterator[Mistake]:
    seen: set[str] = set()
    stages = {stage.id for stage in campaign.stages}
    for at, check in enumerate(campaign.checks):
        where = f"checks.{at}"
        yield from _identified(where, check.id, seen)
        if check.stage not in stages:
            yield Mistake(f"{where}.stage", f"there is no stage '{check.stage}'")
        if bool(check.policy) != bool(check.item):
            yield Mistake(f"{where}.item", "policy and item stand together")
        if not 0 < len(check.text_zh) <= LONGEST_TEXT or len(check.text_en) > LONGEST_TEXT:
            yield Mistake(f"{where}.text_zh", f"has 1 to {LONGEST_TEXT} signs")


def _of_due(campaign: Campaign) -> Iterator[Mistake]:
    seen: set[str] = set()
    for at, deadline in enumerate(campaign.deadlines):
        where = f"deadlines.{at}"
        yield from _identified(where, deadline.id, seen)
        if deadline.due.tzinfo is not None:
            yield Mistake(f"{where}.due", "is local time, without a zone")
        if not campaign.begins <= deadline.due.date() <= campaign.ends + timedelta(days=366):
            yield Mistake(f"{where}.due", "is before the campaign or more than a year after it")
    ruled: set[Level] = set()
    for at, rule in enumerate(campaign.weekly):
        where = f"weekly.{at}"
        if rule.level in ruled:
            yield Mistake(f"{where}.level", f"there are two rules for {rule.level}")
        ruled.add(rule.level)
        if not 1 <= rule.weekday <= 7:
            yield Mistake(f"{where}.weekday", "is 1 (Monday) to 7 (Sunday)")
        if rule.at.tzinfo is not None:
            yield Mistake(f"{where}.at", "is local time, without a zone")
        if (rule.ends or campaign.ends) < (rule.begins or campaign.begins):
            yield Mistake(f"{where}.ends", "is before begins")


def _identified(where: str, name: str, seen: set[str]) -> Iterator[Mistake]:
    if not is_identifier(name):
        yield Mistake(f"{where}.id", "must be 1 to 64 of A-Z a-z 0-9 . _ -")
    if name in seen:
        yield Mistake(f"{where}.id", f"'{name}' is there twice")
    seen.add(name)
