"""Reports: what is due from whom, what a week came to, who signed, and emergencies' time limits."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Query

from alerts.reporting import UNREPORTED
from audit.campaign import Campaign, Level, ReportState
from audit.reports.weekly import EmergencyLine, SignedReport, Signing, WeekFigures
from gateway.api.campaign_verdicts import hazards_between, rates_at
from gateway.api.guard import Reader, Reporter
from gateway.api.models.campaigns import (
    DueReportOut,
    HandedInOut,
    Period,
    ReportDetailOut,
    ReportKind,
    ReportSigningOut,
    SignReportIn,
    SpecialReportOut,
    Subject,
)
from gateway.api.models.shapes import Identifier, Items, Milliseconds
from gateway.api.present_campaigns import due_report_out, figures_out, special_out
from gateway.api.problems import REFUSABLE, not_found, refused
from gateway.api.routes.campaigns import land_now, visible_campaign
from gateway.api.services import Services, ServicesHere
from gateway.campaigns.book import EVERYTHING, Land, may_see, may_sign, subjects_of
from gateway.campaigns.counting import line_of, week_figures
from gateway.campaigns.timetable import (
    WEEKLY,
    Due,
    DueOf,
    due_below,
    dues,
    find_due,
    standings,
)
from gateway.security.access import Caller
from gateway.store.batch import Batch
from gateway.store.campaigns import put_report
from gateway.store.read.campaigns import all_campaigns, emergencies_between, signed_reports

router = APIRouter(tags=["reports"])

MOST_LISTED: Final = 500
MOST_SPECIAL: Final = 500
AHEAD_MS: Final = 35 * 86_400_000
"""How far ahead what comes is listed: a month of weeks."""


@router.get("/audit-reports", operation_id="list_audit_reports")
async def list_reports(
    services: ServicesHere,
    caller: Reader,
    campaign: Identifier | None = None,
    subject: Annotated[Subject | None, Query()] = None,
    kind: ReportKind | None = None,
) -> Items[DueReportOut]:
    """What is due from the caller's school or regions (or from ``subject``): what is overdue
    first, then what comes, then what was signed, the newest first; at most 500."""
    land = await land_now(services)
    now = services.clock.now()
    if subject is not None and not may_see(caller, subject, land):
        raise not_found(subject)
    subjects = subjects_of(caller, land) if subject is None else [subject]
    campaigns = {
        one.id: one
        for one in await services.read(all_campaigns)
        if campaign is None or one.id == campaign
    }
    asked = [
        (due, one)
        for about in campaigns.values()
        for one in subjects
        if (level := land.level(one)) is not None and land.concerns(about, one)
        for due in dues(about, level, services.audit.campaigns.zone)
        if due.opens <= now + AHEAD_MS and (kind is None or due.kind == kind)
    ]
    signed = await services.read(signed_reports(campaign=campaign, subjects=subjects))
    found = sorted(standings(asked, signed, now), key=_urgent)[:MOST_LISTED]
    return Items(
        items=[due_report_out(services, one, campaigns[one.due.campaign], land) for one in found]
    )


@router.get("/audit-reports/handed-in", operation_id="list_handed_in")
async def list_handed_in(
    services: ServicesHere,
    caller: Reader,
    campaign: Identifier,
    kind: ReportKind,
    period: Annotated[Period, Query()],
    state: ReportState | None = None,
    subject: Annotated[
        Subject | None,
        Query(description="Those inside it, each with its own report of that time."),
    ] = None,
) -> HandedInOut:
    """Who in the caller's scope has handed in this report, and who has not; those first that are
    overdue, at most 500 (the counts tell of all)."""
    about, land, found = await everybody(services, caller, campaign, kind, period, subject)
    counts = Counter(one.state for one in found)
    shown = [one for one in found if state is None or one.state is state][:MOST_LISTED]
    return HandedInOut(
        campaign=campaign,
        kind=kind,
        period=period,
        due=max((one.due.due for one in found), default=None),
        counts={one: counts.get(one, 0) for one in ReportState},
        items=[due_report_out(services, one, about, land) for one in shown],
    )


async def everybody(
    services: Services,
    caller: Caller,
    campaign: str,
    kind: str,
    period: str,
    subject: str | None = None,
) -> tuple[Campaign, Land, list[DueOf]]:
    """Whoever in the caller's scope is asked for that report, or for theirs of that time inside
    ``subject``; those first that are overdue. A 404 `Problem` when no level is."""
    zone, now = services.audit.campaigns.zone, services.clock.now()
    if subject is None:
        about, land = await visible_campaign(services, caller, campaign)
        by_level = {level: find_due(about, level, kind, period, zone) for level in Level}
    else:
        about, land, of = await _asked(services, caller, campaign, kind, period, subject)
        by_level = {level: due_below(about, level, of, zone) for level in Level}
    periods = {due.period for due in by_level.values() if due is not None}
    signed = await services.read(signed_reports(campaign=campaign, kind=kind, periods=periods))

    def found() -> list[DueOf]:
        asked: list[tuple[Due, str]] = []
        for one in land.inside(subject or EVERYTHING):
            level = land.level(one)
            due = None if level is None else by_level[level]
            if due is not None and may_see(caller, one, land) and land.concerns(about, one):
                asked.append((due, one))
        return sorted(standings(asked, signed, now), key=_urgent)

    # Tens of thousands of schools: not in the way of alarms.
    everyone = await services.readers.run(found)
    if not everyone and subject is None:
        raise not_found(f"report {period} of {campaign}")
    return about, land, everyone


@router.get("/audit-reports/one", operation_id="get_audit_report")
async def get_report(
    services: ServicesHere,
    caller: Reader,
    campaign: Identifier,
    kind: ReportKind,
    period: Annotated[Period, Query()],
    subject: Annotated[Subject, Query()],
) -> ReportDetailOut:
    """One as it was signed, or filled in with what the facts say by now."""
    about, land, due = await _asked(services, caller, campaign, kind, period, subject)
    signed = await _signed(services, due, subject)
    if signed is None and due.called_off:
        raise not_found(f"report {period} of {campaign}")
    return await _detail(services, caller, about, land, due, subject, signed)


@router.post("/audit-reports/sign", operation_id="sign_audit_report", responses=REFUSABLE)
async def sign_report(
    services: ServicesHere, caller: Reporter, wanted: SignReportIn
) -> ReportDetailOut:
    """Answer for a report: its figures stay as they are now. Signing again corrects the text, and
    says why; when it was signed first stays what counts."""
    async with services.changing:
        about, land, due = await _asked(
            services, caller, wanted.campaign, wanted.kind, wanted.period, wanted.subject
        )
        if not may_sign(caller, wanted.subject, land):
            raise not_found(f"report {wanted.period} of {wanted.subject}")
        if about.cancelled:
            raise refused("campaign_cancelled", f"campaign {about.id} was called off")
        now = services.clock.now()
        if now < due.opens:
            raise refused("report_early", f"its week ends at {due.opens}")
        before = await _signed(services, due, wanted.subject)
        signing = Signing(by=caller.name, at=now, text=wanted.text, reason=wanted.reason)
        if before is None:
            figures = await figures_for(services, land, due, wanted.subject)
            report = SignedReport(
                campaign=due.campaign,
                kind=due.kind,
                period=due.period,
                subject=wanted.subject,
                due=due.due,
                figures=figures,
                zero=wanted.zero,
                signings=(signing,),
            )
        else:
            if not wanted.reason:
                raise refused("report_signed", "it is signed; a correction says why")
            report = msgspec.structs.replace(
                before, zero=wanted.zero, signings=(*before.signings, signing)
            )
        if report.zero and report.figures is not None and not report.figures.nothing:
            raise refused("report_not_zero", "an emergency or a hazard is on record for that time")
        batch = Batch(now=now)
        put_report(batch, report)
        await services.commit(batch)
    return await _detail(services, caller, about, land, due, wanted.subject, report)


@router.get("/audit-reports/emergencies", operation_id="list_special_reports")
async def list_special(
    services: ServicesHere,
    caller: Reader,
    since: Annotated[Milliseconds, Query()],
    until: Annotated[Milliseconds, Query()],
    region: Identifier | None = None,
) -> Items[SpecialReportOut]:
    """Emergencies of a time and whether they were reported in time, counted from the occurrence;
    the newest first, at most 500."""
    lines, _ = await emergencies(services, caller, since, until, region, most=MOST_SPECIAL)
    now = services.clock.now()
    return Items(items=[special_out(services, one, now) for one in lines])


async def emergencies(
    services: Services, caller: Caller, since: int, until: int, region: str | None, *, most: int
) -> tuple[list[EmergencyLine], bool]:
    """Those of ``[since, until)`` in the caller's scope, the newest first, and whether there are
    more than ``most``."""
    schools = services.register.narrow(caller.schools, school=None, region=region)
    found = await services.read(emergencies_between(schools, since, until, most + 1))
    times = services.responses.times
    lines = [line_of(one, times) for one in found[:most] if one.condition not in UNREPORTED]
    return lines, len(found) > most


async def figures_for(
    services: Services, land: Land, due: Due, subject: str, now: int | None = None
) -> WeekFigures:
    """What the facts say of the time that a report is about, at the schools of a subject."""
    now = services.clock.now() if now is None else now
    schools = land.schools_of(subject)
    count = len(land.schools) if schools is None else len(schools)
    until = min(due.until, now) if due.kind == WEEKLY else now
    rates = await rates_at(services, schools, until)
    hazards = await hazards_between(services, schools, due.since, until)
    return await services.read(
        week_figures(
            schools,
            due.since,
            until,
            services.responses.times,
            count=count,
            rates=rates,
            hazards=hazards,
        )
    )


async def _asked(
    services: Services, caller: Caller, campaign: str, kind: str, period: str, subject: str
) -> tuple[Campaign, Land, Due]:
    about, land = await visible_campaign(services, caller, campaign)
    level = land.level(subject)
    if level is None or not may_see(caller, subject, land) or not land.concerns(about, subject):
        raise not_found(subject if subject != EVERYTHING else "report")
    due = find_due(about, level, kind, period, services.audit.campaigns.zone)
    if due is None:
        raise not_found(f"report {period} of {campaign}")
    return about, land, due


async def _signed(services: Services, due: Due, subject: str) -> SignedReport | None:
    found = await services.read(
        signed_reports(
            campaign=due.campaign, kind=due.kind, periods=(due.period,), subjects=(subject,)
        )
    )
    return found[0] if found else None


async def _detail(
    services: Services,
    caller: Caller,
    about: Campaign,
    land: Land,
    due: Due,
    subject: str,
    signed: SignedReport | None,
) -> ReportDetailOut:
    now = services.clock.now()
    figures = await figures_for(services, land, due, subject) if signed is None else signed.figures
    (standing,) = standings([(due, subject)], () if signed is None else (signed,), now)
    return ReportDetailOut(
        due=due_report_out(services, standing, about, land),
        figures=None if figures is None else figures_out(services, figures, now),
        signings=[
            ReportSigningOut(by=one.by, at=one.at, text=one.text, reason=one.reason)
            for one in (() if signed is None else signed.signings)
        ],
        may_sign=may_sign(caller, subject, land) and now >= due.opens and not due.called_off,
        called_off=due.called_off,
    )


_ORDER: Final = {
    ReportState.OVERDUE: 0,
    ReportState.DUE: 1,
    ReportState.COMING: 2,
    ReportState.LATE: 3,
    ReportState.SIGNED: 3,
}


def _urgent(one: DueOf) -> tuple[int, int, str]:
    """What waits by when it is due; what was signed the newest first."""
    rank = _ORDER[one.state]
    return (rank, -one.due.due if rank == 3 else one.due.due, one.subject)
