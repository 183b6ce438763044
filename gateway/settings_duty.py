"""Settings of escalation and duty: whom an alert calls that nobody takes, when, and which teams."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from alerts.calendar import Period
from alerts.duty import TEAM, USER
from gateway.settings_fields import Id, PriorityName, Section, UtcOffset

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

_HOURS: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d")


def minutes_of(clock: str) -> int:
    """``07:30`` as minutes of the day."""
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def days_of(text: str) -> tuple[date, date]:
    """First and last day of ``2027-01-01`` or ``2027-01-20/2027-02-20``.

    Raises ``ValueError`` for anything else.
    """
    first, _, last = text.partition("/")
    try:
        begin, end = date.fromisoformat(first), date.fromisoformat(last or first)
    except ValueError as error:
        raise ValueError(
            f"must be a day like 2027-01-01 or days like 2027-01-20/2027-02-20, not '{text}'"
        ) from error
    if end < begin:
        raise ValueError(f"'{text}' ends before it begins")
    return begin, end


def _hours(hours: str) -> str:
    if not _HOURS.fullmatch(hours):
        raise ValueError(f"must be times of day like \"07:00-18:00\", not '{hours}'")
    return hours


def _days(days: str) -> str:
    days_of(days)
    return days


HoursOfDay = Annotated[str, AfterValidator(_hours)]
"""From when to when on a day, as ``07:00-18:00``; also over midnight."""

SomeDays = Annotated[str, AfterValidator(_days)]
"""A day or days, as `days_of` reads them."""


class CalendarSettings(Section):
    """Which time is of which sort: `night` first, then `holiday`, `school_hours`, `after_hours`."""

    utc_offset: UtcOffset = "+08:00"
    """The schools' time, hours and minutes east of UTC."""

    weekdays: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri")
    """Days of the week with school."""

    school_hours: HoursOfDay = "07:00-18:00"
    """From when to when there is school on such a day."""

    night: HoursOfDay = "22:00-06:00"
    """From when to when it is night, on whatever day."""

    holidays: tuple[SomeDays, ...] = ()
    """Days without school: `2027-01-01`, or from and to, both included: `2027-01-20/2027-02-20`."""

    school_days: tuple[SomeDays, ...] = ()
    """Days with school all the same, such as weekends that make up for a holiday. They count for
    more than `holidays`.
    """


class SchoolCalendarSettings(Section):
    """The calendar of schools that have other times or holidays than the rest. What it leaves out
    is as in `escalation.calendar`; what it gives counts instead of that, also a list of days.
    """

    name: Id
    """Its name, shown on the page."""

    schools: tuple[Id, ...]
    """Ids of the schools that follow it. All others follow `escalation.calendar`."""

    utc_offset: UtcOffset | None = None
    """These schools' time, hours and minutes east of UTC."""

    weekdays: tuple[Weekday, ...] | None = None
    """Days of the week with school."""

    school_hours: HoursOfDay | None = None
    """From when to when there is school on such a day."""

    night: HoursOfDay | None = None
    """From when to when it is night, on whatever day."""

    holidays: tuple[SomeDays, ...] | None = None
    """Days without school; `[]` = none beside the days of the week."""

    school_days: tuple[SomeDays, ...] | None = None
    """Days with school all the same."""

    @field_validator("schools")
    @classmethod
    def _somebody(cls, schools: tuple[str, ...]) -> tuple[str, ...]:
        if not schools:
            raise ValueError("names no school; give the ids of those that follow it")
        return schools

    def beside(self, general: CalendarSettings) -> CalendarSettings:
        """The whole calendar: what is left out here is as in ``general``."""
        given = self.model_dump(exclude={"name", "schools"}, exclude_none=True)
        return general.model_copy(update=given)


class EscalationStepSettings(Section):
    """One step of a plan."""

    after_s: int = Field(60, ge=5, le=86400)
    """Seconds without an acknowledgement, since the alert or since the step before."""

    to: tuple[str, ...] = ()
    """Whom it calls: names of receivers, `user:NAME` for a person, `duty:TEAM` for whoever is on
    duty in a team when the step comes.
    """

    louder: bool = False
    """Screens cry louder from this step on."""

    @field_validator("to")
    @classmethod
    def _bare(cls, to: tuple[str, ...]) -> tuple[str, ...]:
        for name in to:
            if not name or any(sign.isspace() for sign in name):
                raise ValueError(f"must be a name without spaces, not '{name}'")
        return to

    @model_validator(mode="after")
    def _does_something(self) -> EscalationStepSettings:
        if not self.to and not self.louder:
            raise ValueError("does nothing: give 'to', or 'louder: true'")
        return self


class EscalationPlanSettings(Section):
    """What happens to some alerts that nobody acknowledges. The first plan that fits counts."""

    name: str = Field(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9._-]+$")
    """Its name, shown with every step."""

    priorities: tuple[PriorityName, ...] = (PriorityName.EMERGENCY,)
    """Priorities it is for."""

    schools: tuple[str, ...] = ("*",)
    """Ids of the schools it is for; `*` = all."""

    when: tuple[Period, ...] = ()
    """Sorts of time it is for, by the calendar of the alert's school (`escalation.calendars`, else
    `escalation.calendar`); left out = always. What counts is when the alert came: its steps go on
    when the night ends.
    """

    steps: tuple[EscalationStepSettings, ...] = Field(min_length=1, max_length=10)
    """What happens, one after the other, until somebody acknowledges."""


class EscalationSettings(Section):
    """Whom an alert calls that nobody acknowledges, and when."""

    plans: tuple[EscalationPlanSettings, ...] = ()
    """The steps, by priority, school and time."""

    calendar: CalendarSettings = CalendarSettings()
    """School hours, night and holidays: of every school that `calendars` does not name."""

    calendars: tuple[SchoolCalendarSettings, ...] = ()
    """Calendars of schools that do not follow the general one."""

    remind_after_minutes: int = Field(30, ge=0, le=1440)
    """An emergency that somebody acknowledged, that still stands, and to which nobody has done
    anything for so long is unacknowledged again, sounds and goes through its steps anew; 0 = never.
    """

    @field_validator("plans")
    @classmethod
    def _apart(
        cls, plans: tuple[EscalationPlanSettings, ...]
    ) -> tuple[EscalationPlanSettings, ...]:
        names = [plan.name for plan in plans]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two plans have the name '{twice[0]}'")
        return plans

    @field_validator("calendars")
    @classmethod
    def _one_each(
        cls, calendars: tuple[SchoolCalendarSettings, ...]
    ) -> tuple[SchoolCalendarSettings, ...]:
        names = [calendar.name for calendar in calendars]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two calendars have the name '{twice[0]}'")
        followed: dict[str, str] = {}
        for calendar in calendars:
            for school in sorted(set(calendar.schools)):
                if school in followed:
                    raise ValueError(
                        f"school '{school}' is in '{followed[school]}' and in '{calendar.name}'; "
                        "a school follows one calendar"
                    )
                followed[school] = calendar.name
        return calendars


class TeamSettings(Section):
    """People who are on duty in turn."""

    id: Id
    """How `duty:ID` names it."""

    name_zh: str = Field(min_length=1, max_length=64)
    """Its name in Chinese."""

    name_en: str = Field("", max_length=64)
    """Its name in English."""


_CONTROL_ROOM: Final = TeamSettings(id="control-room", name_zh="值班室", name_en="Control room")


class DutySettings(Section):
    """Who is on duty in turn. The shifts themselves are planned on the page."""

    teams: tuple[TeamSettings, ...] = (_CONTROL_ROOM,)
    """The teams. The first is the one that every page names."""

    @field_validator("teams")
    @classmethod
    def _apart(cls, teams: tuple[TeamSettings, ...]) -> tuple[TeamSettings, ...]:
        ids = [team.id for team in teams]
        if twice := sorted({one for one in ids if ids.count(one) > 1}):
            raise ValueError(f"two teams have the id '{twice[0]}'")
        return teams


def check_called(
    escalation: EscalationSettings, duty: DutySettings, receivers: frozenset[str]
) -> None:
    """Every receiver of a step is there. Raises ``ValueError``."""
    teams = {team.id for team in duty.teams}
    for plan in escalation.plans:
        for name in (name for step in plan.steps for name in step.to):
            if name.startswith(TEAM):
                if name.removeprefix(TEAM) not in teams:
                    known = ", ".join(sorted(teams)) or "there is none"
                    raise ValueError(
                        f"escalation: plan '{plan.name}' calls '{name}', which is no team of "
                        f"duty.teams: {known}"
                    )
            elif not name.startswith(USER) and name not in receivers:
                known = ", ".join(sorted(receivers)) or "there is none"
                raise ValueError(
                    f"escalation: plan '{plan.name}' calls '{name}', which is no receiver: {known}"
                )
