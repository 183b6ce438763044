"""What the settings say of escalation, as the policy that the pipeline works by."""

from __future__ import annotations

from alerts.calendar import Calendar, Days, Hours, SchoolCalendar
from alerts.escalation import EscalationPlan, EscalationPolicy, EscalationStep
from alerts.finding import Priority
from gateway.settings import Settings
from gateway.settings_duty import (
    WEEKDAYS,
    CalendarSettings,
    EscalationPlanSettings,
    days_of,
    minutes_of,
)
from gateway.settings_fields import chosen, minutes_east


def policy_of(settings: Settings) -> EscalationPolicy:
    """The plans of ``escalation``, or the one step of the older ``notification.escalation``."""
    escalation, older = settings.escalation, settings.notification.escalation
    plans = tuple(_plan(plan) for plan in escalation.plans)
    if older is not None:
        step = EscalationStep(after=older.after_s * 1000, name=older.webhook, to=(older.webhook,))
        plans = (EscalationPlan(name=older.webhook, steps=(step,)),)
    minutes = escalation.remind_after_minutes
    return EscalationPolicy(
        plans=plans,
        calendar=calendar_of(escalation.calendar),
        calendars=tuple(
            SchoolCalendar(
                name=own.name,
                schools=frozenset(own.schools),
                calendar=calendar_of(own.beside(escalation.calendar)),
            )
            for own in escalation.calendars
        ),
        remind_after=minutes * 60_000 if minutes else None,
    )


def calendar_of(calendar: CalendarSettings) -> Calendar:
    """When there is school."""
    return Calendar(
        offset=minutes_east(calendar.utc_offset),
        weekdays=frozenset(WEEKDAYS.index(day) for day in calendar.weekdays),
        lessons=_hours(calendar.school_hours),
        night=_hours(calendar.night),
        holidays=tuple(Days(*days_of(each)) for each in calendar.holidays),
        school_days=tuple(Days(*days_of(each)) for each in calendar.school_days),
    )


def _hours(text: str) -> Hours:
    begin, end = text.split("-")
    return Hours(minutes_of(begin), minutes_of(end))


def _plan(plan: EscalationPlanSettings) -> EscalationPlan:
    return EscalationPlan(
        name=plan.name,
        steps=tuple(
            EscalationStep(
                after=step.after_s * 1000,
                name=f"{plan.name}-{number}",
                to=step.to,
                louder=step.louder,
            )
            for number, step in enumerate(plan.steps, 1)
        ),
        priorities=frozenset(Priority[name.upper()] for name in plan.priorities),
        schools=chosen(plan.schools),
        periods=frozenset(plan.when) or None,
    )
