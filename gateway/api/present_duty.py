"""Duty and escalation as the page sees them."""

from __future__ import annotations

from collections.abc import Mapping

from alerts.duty import Shift, Signature, Standing, Vacant
from alerts.escalation import EscalationPolicy
from gateway.api.models.duty import (
    EscalationOut,
    EscalationPlanOut,
    EscalationStepOut,
    HandOverOut,
    PersonOut,
    SchoolCalendarOut,
    ShiftOut,
    TeamOut,
    VacantOut,
)
from gateway.api.models.shapes import Names
from gateway.api.present import PRIORITY_NAMES
from gateway.settings_duty import TeamSettings
from gateway.store.duty import HandOver


def person_out(name: str, people: Mapping[str, str]) -> PersonOut:
    """A person by user name; ``people`` has the names to show. One who has left keeps the name."""
    return PersonOut(name=name, display=people.get(name, ""))


def shift_out(shift: Shift, people: Mapping[str, str]) -> ShiftOut:
    """A shift."""
    return ShiftOut(
        row=shift.row,
        team=shift.team,
        user=person_out(shift.user, people),
        starts=shift.starts,
        ends=shift.ends,
    )


def vacant_out(vacant: Vacant) -> VacantOut:
    """A gap."""
    return VacantOut(starts=vacant.starts, ends=vacant.ends)


def team_out(
    team: TeamSettings, standing: Standing, signed: Signature | None, people: Mapping[str, str]
) -> TeamOut:
    """A team as it stands."""
    following = standing.following
    return TeamOut(
        id=team.id,
        name=Names(zh=team.name_zh, en=team.name_en or team.name_zh),
        on_duty=[person_out(user, people) for user in standing.users],
        shifts=[shift_out(shift, people) for shift in standing.shifts],
        following=None if following is None else shift_out(following, people),
        signed_by=None if signed is None else person_out(signed.user, people),
        signed_at=None if signed is None else signed.at,
        unsigned=standing.unsigned,
    )


def hand_over_out(
    signed: HandOver, people: Mapping[str, str], *, remark: bool = True
) -> HandOverOut:
    """A hand-over; without its ``remark`` when that may be about schools not to be seen."""
    return HandOverOut(
        row=signed.row,
        team=signed.team,
        at=signed.at,
        before=None if signed.before is None else person_out(signed.before, people),
        after=person_out(signed.after, people),
        alerts=len(signed.alerts),
        emergencies=list(signed.ticked),
        remark=signed.remark if remark else "",
        by_rota=signed.by_rota,
    )


def escalation_out(
    policy: EscalationPolicy, schools: frozenset[str] | None, now: int
) -> EscalationOut:
    """The plans for alerts of these schools (``None`` = all), with the sort of time it is now."""
    return EscalationOut(
        plans=[
            EscalationPlanOut(
                name=plan.name,
                priorities=[PRIORITY_NAMES[one] for one in sorted(plan.priorities)],
                schools=["*"] if of is None else sorted(of),
                when=[] if plan.periods is None else sorted(plan.periods),
                steps=[
                    EscalationStepOut(
                        after_s=step.after // 1000, to=list(step.to), louder=step.louder
                    )
                    for step in plan.steps
                ],
            )
            for plan in policy.plans
            for of in (_within(plan.schools, schools),)
            if of is None or of
        ],
        period=policy.calendar.period(now),
        calendars=[
            SchoolCalendarOut(
                name=own.name, schools=sorted(followers), period=own.calendar.period(now)
            )
            for own in policy.calendars
            for followers in (own.schools if schools is None else own.schools & schools,)
            if followers
        ],
        remind_after_minutes=(policy.remind_after or 0) // 60_000,
    )


def _within(
    planned: frozenset[str] | None, schools: frozenset[str] | None
) -> frozenset[str] | None:
    return planned if planned is None or schools is None else planned & schools
