"""Campaigns, progress and reports as the page sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from audit.campaign import Campaign, Check, Mark, ReportState, due_of, phase
from audit.reports.weekly import EmergencyLine, WeekFigures
from gateway.api.models.campaigns import (
    CampaignCheckOut,
    CampaignDeadlineOut,
    CampaignMarkOut,
    CampaignOut,
    CampaignSchoolOut,
    CampaignStageOut,
    CampaignTallyOut,
    CampaignTemplateOut,
    CampaignWeeklyOut,
    DueReportOut,
    SpecialFormOut,
    SpecialReportOut,
    WeekFiguresOut,
    WeekRateOut,
)
from gateway.api.models.shapes import Names
from gateway.api.register import names
from gateway.campaigns.book import EVERYTHING, Land
from gateway.campaigns.form import CampaignForm
from gateway.campaigns.progress import SchoolProgress, Tally
from gateway.campaigns.timetable import DueOf

if TYPE_CHECKING:
    from gateway.api.services import Services


def campaign_out(campaign: Campaign, zone: str, now: int) -> CampaignOut:
    """A campaign as it stands."""
    plain = msgspec.to_builtins(campaign)
    form = {name: plain[name] for name in CampaignForm.model_fields}
    return CampaignOut(
        id=campaign.id,
        version=campaign.version,
        name=names(campaign.name_zh, campaign.name_en, campaign.id),
        source=campaign.source,
        begins=campaign.begins,
        ends=campaign.ends,
        phase=phase(zone, campaign.begins, campaign.ends, now),
        regions=list(campaign.regions),
        stages=[
            CampaignStageOut(
                id=one.id,
                name=names(one.name_zh, one.name_en, one.id),
                begins=one.begins,
                ends=one.ends,
                phase=phase(zone, one.begins, one.ends, now),
            )
            for one in campaign.stages
        ],
        checks=[check_out(one) for one in campaign.checks],
        deadlines=[
            CampaignDeadlineOut(
                id=one.id,
                level=one.level,
                name=names(one.name_zh, one.name_en, one.id),
                due=due_of(zone, one.due),
            )
            for one in campaign.deadlines
        ],
        weekly=[
            CampaignWeeklyOut(
                level=one.level,
                weekday=one.weekday,
                at=one.at.strftime("%H:%M"),
                begins=one.begins or campaign.begins,
                ends=one.ends or campaign.ends,
            )
            for one in campaign.weekly
        ],
        cancelled=campaign.cancelled,
        form=CampaignForm.model_validate(form),
    )


def template_out(campaign: Campaign) -> CampaignTemplateOut:
    """A template in a list."""
    return CampaignTemplateOut(
        id=campaign.id,
        name=names(campaign.name_zh, campaign.name_en, campaign.id),
        source=campaign.source,
        begins=campaign.begins,
        ends=campaign.ends,
        stages=len(campaign.stages),
        checks=len(campaign.checks),
    )


def check_out(check: Check) -> CampaignCheckOut:
    """One check."""
    return CampaignCheckOut(
        id=check.id,
        text=names(check.text_zh, check.text_en, check.id),
        stage=check.stage,
        policy=check.policy,
        item=check.item,
        proven=check.proven,
    )


def mark_out(mark: Mark | None) -> CampaignMarkOut | None:
    """What a school says of a check."""
    if mark is None:
        return None
    return CampaignMarkOut(
        state=mark.state, text=mark.text, by=mark.by, at=mark.at, hazard=mark.hazard
    )


def tally_out(tally: Tally) -> CampaignTallyOut:
    """Schools and checks, counted."""
    return CampaignTallyOut(**msgspec.structs.asdict(tally))


def school_progress_out(one: SchoolProgress) -> CampaignSchoolOut:
    """How far a school is."""
    return CampaignSchoolOut(
        school=one.school.id,
        name=names(one.school.name_zh, one.school.name_en, one.school.id),
        region=one.school.region,
        checks=one.checks,
        seen_to=one.seen_to,
        overdue=one.overdue,
        findings=one.findings,
        last=one.last,
    )


def subject_name(services: Services, subject: str, land: Land) -> Names:
    """The name of who hands in a report."""
    what, _, name = subject.partition(":")
    if subject == EVERYTHING:
        said = services.words.both("campaign.everything")
        return Names(zh=said["zh"], en=said["en"])
    if what == "region" and name in land.regions:
        region = land.regions[name]
        return names(region.name_zh, region.name_en, name)
    listed = land.schools.get(name)
    return names("", "", name) if listed is None else names(listed.name_zh, listed.name_en, name)


def due_report_out(services: Services, one: DueOf, campaign: Campaign, land: Land) -> DueReportOut:
    """A report that is due."""
    due, signed = one.due, one.signed
    return DueReportOut(
        campaign=due.campaign,
        campaign_name=names(campaign.name_zh, campaign.name_en, campaign.id),
        kind="weekly" if due.kind == "weekly" else "deadline",
        period=due.period,
        name=names(due.name_zh, due.name_en, due.period) if due.name_zh else None,
        subject=one.subject,
        subject_name=subject_name(services, one.subject, land),
        level=due.level,
        due=due.due,
        opens=due.opens,
        since=due.since,
        until=due.until,
        state=ReportState(one.state),
        zero=None if signed is None else signed.zero,
        signed=None if signed is None else signed.signed,
        by="" if signed is None else signed.signings[0].by,
    )


def special_out(services: Services, line: EmergencyLine, now: int) -> SpecialReportOut:
    """An emergency with its time limits."""
    word = services.words.or_else(f"condition.{line.condition}", line.condition)
    return SpecialReportOut(
        alert=line.alert,
        school=line.school,
        school_name=services.register.school_name(line.school),
        condition=line.condition,
        condition_name=Names(zh=word["zh"], en=word["en"]),
        raised=line.raised,
        false=line.false,
        telephone=_form(line, line.telephone_due, line.telephone, now),
        written=_form(line, line.written_due, line.written, now),
    )


def _form(line: EmergencyLine, due: int, done: int | None, now: int) -> SpecialFormOut:
    if done is not None:
        return SpecialFormOut(state="met" if done <= due else "missed", due=due, done=done)
    if line.false:
        return SpecialFormOut(state="not_due", due=due, done=None)
    return SpecialFormOut(state="open" if now <= due else "missed", due=due, done=None)


def figures_out(services: Services, figures: WeekFigures, now: int) -> WeekFiguresOut:
    """What a week came to."""
    return WeekFiguresOut(
        schools=figures.schools,
        nothing=figures.nothing,
        emergencies=figures.emergencies,
        false=figures.false,
        alerts=figures.alerts,
        standing=figures.standing,
        orders_opened=figures.orders_opened,
        orders_closed=figures.orders_closed,
        orders_overdue=figures.orders_overdue,
        hazards_found=figures.hazards_found,
        hazards_closed=figures.hazards_closed,
        hazards_open=figures.hazards_open,
        hazards_overdue=figures.hazards_overdue,
        rates=[
            WeekRateOut(
                policy=one.policy,
                item=one.item,
                name=names(one.name_zh, one.name_en, one.item),
                met=one.met,
                failed=one.failed,
                unknown=one.unknown,
            )
            for one in figures.rates
        ],
        emergencies_listed=[special_out(services, one, now) for one in figures.lines],
        more=figures.more,
    )
