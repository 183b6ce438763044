"""Campaigns and reports as tables: progress by school, a weekly report, who has handed in what."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from audit.reports.table import Cell, Report, Row, Table
from gateway.api.models.campaigns import (
    DueReportOut,
    HandedInOut,
    SpecialFormOut,
    WeekFiguresOut,
)
from gateway.api.models.shapes import Identifier
from gateway.api.routes.audit_reports import get_report, list_handed_in, list_special
from gateway.api.routes.campaigns import progress_of, visible_campaign
from gateway.api.supplies.asked import Asked, Params
from gateway.api.supplies.columns import count, share, text, time

_FIGURES = (
    "schools",
    "emergencies",
    "false",
    "alerts",
    "standing",
    "hazards_found",
    "hazards_closed",
    "hazards_open",
    "hazards_overdue",
    "orders_opened",
    "orders_closed",
    "orders_overdue",
)


class OfCampaign(Params):
    """Which campaign, and of which region."""

    campaign: Identifier
    region: Identifier | None = None


class OneReport(Params):
    """Which report of whom."""

    campaign: Identifier
    kind: str = Field("weekly", pattern="^(weekly|deadline)$")
    period: str = Field(min_length=1, max_length=64)
    subject: str = Field(min_length=1, max_length=80)


class OnePeriod(Params):
    """Which report of everybody."""

    campaign: Identifier
    kind: str = Field("weekly", pattern="^(weekly|deadline)$")
    period: str = Field(min_length=1, max_length=64)


class Stretch(Params):
    """From when until when (ms), of which region."""

    since: int = Field(ge=0, le=253_402_300_799_999)
    until: int = Field(ge=0, le=253_402_300_799_999)
    region: Identifier | None = None


async def check_campaign(asked: Asked) -> None:
    """There is such a campaign, and it is the asker's to see."""
    await visible_campaign(asked.services, asked.caller, asked.params.campaign)


async def campaign_progress(asked: Asked) -> Report:
    """How far each school is, the furthest behind first."""
    wanted: OfCampaign = asked.params
    campaign, land = await visible_campaign(asked.services, asked.caller, wanted.campaign)
    found = await progress_of(asked.services, asked.caller, campaign, land, wanted.region)

    def region(name: str | None) -> str:
        known = None if name is None else land.regions.get(name)
        return name or "" if known is None else asked.either(known.name_zh, known.name_en, known.id)

    rows: list[Row] = [
        (
            one.school.id,
            asked.either(one.school.name_zh, one.school.name_en, one.school.id),
            region(one.school.region),
            one.checks,
            one.seen_to,
            one.seen_to / one.checks if one.checks else None,
            one.overdue,
            one.findings,
            one.last,
        )
        for one in found.schools
    ]
    title = asked.said(
        "export.campaign.title", name=asked.either(campaign.name_zh, campaign.name_en, campaign.id)
    )
    table = Table(
        title=title,
        columns=(
            text(asked, "school_id"),
            text(asked, "school", 30),
            text(asked, "region"),
            count(asked, "checks"),
            count(asked, "seen_to"),
            share(asked, "share"),
            count(asked, "overdue"),
            count(asked, "findings"),
            time(asked, "last"),
        ),
        rows=rows,
        count=len(rows),
    )
    whole = found.whole
    note = asked.said(
        "export.campaign.note",
        at=asked.at(asked.now),
        schools=whole.schools,
        complete=whole.complete,
        late=whole.late,
    )
    return Report(title=title, tables=(table,), notes=(note,))


async def weekly_report(asked: Asked) -> Report:
    """One report: as it was signed, or as it stands, on a form to be signed."""
    wanted: OneReport = asked.params
    detail = await get_report(
        asked.services,
        asked.caller,
        wanted.campaign,
        "weekly" if wanted.kind == "weekly" else "deadline",
        wanted.period,
        wanted.subject,
    )
    due = detail.due
    title = asked.said("export.weekly.title") if due.name is None else asked.named(due.name)
    facts = [
        (asked.said("export.weekly.subject"), asked.named(due.subject_name)),
        (asked.said("export.weekly.campaign"), asked.named(due.campaign_name)),
        (
            asked.said("export.weekly.time"),
            asked.said(
                "export.weekly.from_to", since=asked.at(due.since), until=asked.at(due.until)
            ),
        ),
        (asked.said("export.weekly.due"), asked.at(due.due)),
        (asked.said("export.weekly.state"), _state(asked, due)),
    ]
    figures = detail.figures
    if figures is not None:
        said = "is_zero" if figures.nothing else "not_zero"
        facts.append((asked.said("export.weekly.zero"), asked.said(f"export.weekly.{said}")))
    facts += [
        (asked.said("export.weekly.text"), one.text or "—") for one in detail.signings if one.text
    ]
    tables: list[Table] = []
    if figures is not None:
        tables.append(_counts(asked, figures))
        if figures.rates:
            tables.append(_rates(asked, figures))
        tables.append(_emergencies(asked, figures.emergencies_listed))
    else:
        tables.append(_counts(asked, None))
    return Report(
        title=title,
        facts=tuple(facts),
        tables=tuple(tables),
        signatures=tuple(
            asked.said(f"report.sign.{one}") for one in ("author", "approver", "telephone", "time")
        ),
    )


async def handed_in(asked: Asked) -> Report:
    """Who has handed in a report, and who has not."""
    wanted: OnePeriod = asked.params
    found: HandedInOut = await list_handed_in(
        asked.services,
        asked.caller,
        wanted.campaign,
        "weekly" if wanted.kind == "weekly" else "deadline",
        wanted.period,
        None,
    )
    title = asked.said("export.handed_in.title", period=found.period)
    rows: list[Row] = [
        (
            asked.named(one.subject_name),
            asked.said(f"campaign.level.{one.level}"),
            one.due,
            asked.said(f"campaign.report.{one.state}"),
            one.signed,
            one.by,
            "" if one.zero is None else asked.said("word.yes" if one.zero else "word.no"),
        )
        for one in found.items
    ]
    table = Table(
        title=title,
        columns=(
            text(asked, "subject", 30),
            text(asked, "level"),
            time(asked, "due"),
            text(asked, "state"),
            time(asked, "signed"),
            text(asked, "by"),
            text(asked, "zero"),
        ),
        rows=rows,
        count=len(rows),
    )
    return Report(title=title, tables=(table,))


async def special_reports(asked: Asked) -> Report:
    """Emergencies of a time with their time limits, met or missed."""
    wanted: Stretch = asked.params
    found = await list_special(
        asked.services, asked.caller, wanted.since, wanted.until, wanted.region
    )
    table = _emergencies(asked, found.items)
    note = asked.said(
        "export.weekly.from_to", since=asked.at(wanted.since), until=asked.at(wanted.until)
    )
    return Report(title=table.title, tables=(table,), notes=(note,))


def _state(asked: Asked, due: DueReportOut) -> str:
    said = asked.said(f"campaign.report.{due.state}")
    if due.signed is None:
        return said
    return asked.said("export.weekly.signed", state=said, by=due.by, at=asked.at(due.signed))


def _counts(asked: Asked, figures: WeekFiguresOut | None) -> Table:
    values: list[tuple[str, Any]] = (
        [] if figures is None else [(name, getattr(figures, name)) for name in _FIGURES]
    )
    rows: list[Row] = [
        (asked.said(f"report.week.{name}"), value) for name, value in values if value is not None
    ]
    return Table(
        title=asked.said("export.weekly.counts"),
        columns=(text(asked, "figure", 40), count(asked, "count")),
        rows=rows,
        count=len(rows),
    )


def _rates(asked: Asked, figures: WeekFiguresOut) -> Table:
    rows: list[Row] = []
    for one in figures.rates:
        of = one.met + one.failed + one.unknown
        rows.append(
            (asked.named(one.name), one.met, one.failed, one.unknown, one.met / of if of else None)
        )
    return Table(
        title=asked.said("export.weekly.rates"),
        columns=(
            text(asked, "item", 40),
            count(asked, "met"),
            count(asked, "failed"),
            count(asked, "unknown"),
            share(asked, "rate"),
        ),
        rows=rows,
        count=len(rows),
    )


def _emergencies(asked: Asked, found: list[Any]) -> Table:
    def form(one: SpecialFormOut) -> tuple[Cell, Cell]:
        return one.done, asked.said(f"report.limit.{one.state}")

    rows: list[Row] = [
        (
            one.alert,
            asked.named(one.school_name),
            asked.named(one.condition_name),
            one.raised,
            *form(one.telephone),
            *form(one.written),
            asked.said("word.yes" if one.false else "word.no"),
        )
        for one in found
    ]
    return Table(
        title=asked.said("export.special.title"),
        columns=(
            count(asked, "alert"),
            text(asked, "school", 30),
            text(asked, "condition"),
            time(asked, "occurred"),
            time(asked, "telephone"),
            text(asked, "telephone_limit"),
            time(asked, "written"),
            text(asked, "written_limit"),
            text(asked, "false"),
        ),
        rows=rows,
        count=len(rows),
        notes=(asked.said("export.special.note"),),
    )
