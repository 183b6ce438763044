"""Campaigns and reports as tables: progress by school, a weekly report, who has handed in what."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from pydantic import Field

from audit.reports.table import Cell, Report, Row, Table
from gateway.api.models.campaigns import (
    DueReportOut,
    SpecialFormOut,
    SpecialReportOut,
    WeekFiguresOut,
)
from gateway.api.models.shapes import Identifier
from gateway.api.present_campaigns import due_report_out, special_out
from gateway.api.routes.audit_reports import emergencies, everybody, get_report
from gateway.api.routes.campaigns import progress_of, visible_campaign
from gateway.api.supplies.asked import Asked, Params
from gateway.api.supplies.columns import count, share, text, time
from gateway.campaigns.progress import SchoolProgress
from gateway.campaigns.timetable import DueOf
from gateway.exports.writing import ExportError

MOST_EMERGENCIES: Final = 50_000
"""Emergencies of one file: a province in years."""

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
    """Which report of everybody, or of those inside ``subject``."""

    campaign: Identifier
    kind: str = Field("weekly", pattern="^(weekly|deadline)$")
    period: str = Field(min_length=1, max_length=64)
    subject: str | None = Field(None, min_length=1, max_length=80)


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

    def row(one: SchoolProgress) -> Row:
        return (
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
        rows=map(row, found.schools),
        count=len(found.schools),
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
        # What the signer says counts: a gateway does not know of all that happens.
        zero = figures.nothing if due.zero is None else due.zero
        said = "is_zero" if zero else "not_zero"
        facts.append((asked.said("export.weekly.zero"), asked.said(f"export.weekly.{said}")))
    for one in detail.signings:
        why = asked.said("page.report.correction", reason=one.reason) if one.reason else ""
        if words := "\n".join(part for part in (why, one.text) if part):
            facts.append((asked.said("export.weekly.text"), words))
    tables: list[Table] = []
    if figures is not None:
        tables.append(_counts(asked, due, figures))
        if figures.rates:
            tables.append(_rates(asked, figures))
        listed = figures.emergencies_listed
        more = asked.said("page.report.more", n=figures.more) if figures.more else ""
        tables.append(_emergencies(asked, listed, len(listed), more))
    else:
        tables.append(_counts(asked, due, None))
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
    about, land, found = await everybody(
        asked.services, asked.caller, wanted.campaign, wanted.kind, wanted.period, wanted.subject
    )
    title = asked.said("export.handed_in.title", period=wanted.period)

    def row(due: DueOf) -> Row:
        one = due_report_out(asked.services, due, about, land)
        return (
            asked.named(one.subject_name),
            asked.said(f"campaign.level.{one.level}"),
            one.due,
            asked.said(f"campaign.report.{one.state}"),
            one.signed,
            one.by,
            "" if one.zero is None else asked.said("word.yes" if one.zero else "word.no"),
        )

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
        rows=map(row, found),
        count=len(found),
    )
    return Report(title=title, tables=(table,))


async def special_reports(asked: Asked) -> Report:
    """Emergencies of a time with their time limits, met or missed."""
    wanted: Stretch = asked.params
    found, more = await emergencies(
        asked.services,
        asked.caller,
        wanted.since,
        wanted.until,
        wanted.region,
        most=MOST_EMERGENCIES,
    )
    if more:
        raise ExportError("refusal.export_rows", f"more than {MOST_EMERGENCIES:,} emergencies")
    now = asked.services.clock.now()
    table = _emergencies(
        asked, (special_out(asked.services, one, now) for one in found), len(found)
    )
    note = asked.said(
        "export.weekly.from_to", since=asked.at(wanted.since), until=asked.at(wanted.until)
    )
    return Report(title=table.title, tables=(table,), notes=(note,))


def _state(asked: Asked, due: DueReportOut) -> str:
    said = asked.said(f"campaign.report.{due.state}")
    if due.signed is None:
        return said
    return asked.said("export.weekly.signed", state=said, by=due.by, at=asked.at(due.signed))


def _counts(asked: Asked, due: DueReportOut, figures: WeekFiguresOut | None) -> Table:
    values: list[tuple[str, Any]] = (
        [] if figures is None else [(name, getattr(figures, name)) for name in _FIGURES]
    )
    rows: list[Row] = [
        (asked.said(f"report.week.{name}"), value) for name, value in values if value is not None
    ]
    return Table(
        title=asked.said(f"export.{'weekly' if due.kind == 'weekly' else 'summary'}.counts"),
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


def _emergencies(
    asked: Asked, found: Iterable[SpecialReportOut], known: int, more: str = ""
) -> Table:
    def form(one: SpecialFormOut) -> tuple[Cell, Cell]:
        return one.done, asked.said(f"report.limit.{one.state}")

    def row(one: SpecialReportOut) -> Row:
        return (
            one.alert,
            asked.named(one.school_name),
            asked.named(one.condition_name),
            one.raised,
            *form(one.telephone),
            *form(one.written),
            asked.said("word.yes" if one.false else "word.no"),
        )

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
        rows=map(row, found),
        count=known,
        notes=tuple(note for note in (asked.said("export.special.note"), more) if note),
    )
