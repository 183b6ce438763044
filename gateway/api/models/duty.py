"""Teams, shifts, hand-overs, and the plans of the escalation."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from alerts.calendar import Period
from gateway.api.models.alerts import AlertOut
from gateway.api.models.session import UserName
from gateway.api.models.shapes import Identifier, In, Milliseconds, Moment, Names, Out
from gateway.duty.service import LONGEST_REMARK, MOST_REPEATED
from gateway.settings_fields import PriorityName

MOST_TICKED: Final = 20_000
"""Emergencies signed for at a time: as many as the default limit of a body holds."""


class PersonOut(Out):
    """Somebody who can be on duty."""

    name: str = Field(examples=["li.na"])
    display: str = Field(examples=["李娜"])


class ShiftOut(Out):
    """That somebody is on duty for a time."""

    row: int = Field(examples=[12])
    team: str = Field(examples=["control-room"])
    user: PersonOut
    starts: Moment
    ends: Moment


class TeamOut(Out):
    """A team as it stands now."""

    id: str = Field(examples=["control-room"])
    name: Names
    on_duty: list[PersonOut] = Field(description="Whom a step `duty:TEAM` calls now.")
    shifts: list[ShiftOut] = Field(description="The shifts that are under way.")
    following: ShiftOut | None = Field(description="The shift that comes next.")
    signed_by: PersonOut | None = Field(description="Who took over last.")
    signed_at: Moment | None
    unsigned: bool = Field(
        description="A shift has begun, and nobody of it has signed for what stands."
    )


class VacantOut(Out):
    """A time in which the rota names nobody."""

    starts: Moment
    ends: Moment


class RotaOut(Out):
    """The shifts of a team in a time, and its gaps."""

    items: list[ShiftOut]
    gaps: list[VacantOut]


class ShiftIn(In):
    """A shift to plan; the same again `times` times, every `every_days` days."""

    team: Identifier
    user: UserName
    starts: Milliseconds
    ends: Milliseconds
    every_days: int = Field(default=1, ge=1, le=28)
    times: int = Field(default=1, ge=1, le=MOST_REPEATED)


class HandOverAskedOut(Out):
    """What the next shift signs for: every open emergency, and the most urgent of the others."""

    team: TeamOut
    emergencies: list[AlertOut] = Field(description="A page of them; whoever signs reads all.")
    others: list[AlertOut] = Field(description="With the first page.")
    open_emergencies: int = Field(description="All that have to be ticked.", examples=[2])
    open: int = Field(description="All open alerts in the caller's scope.", examples=[14])
    next: str | None = Field(None, description="The cursor of the next page of emergencies.")


class HandOverIn(In):
    """Sign for what stands open. Every open emergency must be among `emergencies`."""

    emergencies: list[Annotated[int, Field(ge=0, le=2**53)]] = Field(
        default=[], max_length=MOST_TICKED
    )
    remark: str = Field(default="", max_length=LONGEST_REMARK, examples=["五号楼烟感待更换"])


class HandOverOut(Out):
    """A hand-over that was signed."""

    row: int
    team: str
    at: Moment
    before: PersonOut | None
    after: PersonOut
    alerts: int = Field(description="How many open alerts were taken over.")
    emergencies: list[int] = Field(description="Numbers of the emergencies that were ticked.")
    remark: str = Field(description="Empty, too, if its author sees other schools than the caller.")
    by_rota: bool = Field(description="False: a stand-in whom the rota does not name.")


class EscalationStepOut(Out):
    """One step of a plan."""

    after_s: int
    to: list[str] = Field(examples=[["duty:control-room", "user:li.na"]])
    louder: bool


class EscalationPlanOut(Out):
    """What happens to some alerts that nobody acknowledges."""

    name: str
    priorities: list[PriorityName]
    schools: list[str]
    when: list[Period]
    steps: list[EscalationStepOut]


class SchoolCalendarOut(Out):
    """A calendar of some schools, and what sort of time it is there now."""

    name: str = Field(examples=["boarding"])
    schools: list[str] = Field(description="Who follows it, of the caller's schools.")
    period: Period


class EscalationOut(Out):
    """The plans, of which the first that fits counts, and what sort of time it is now."""

    plans: list[EscalationPlanOut]
    period: Period = Field(description="By the general calendar.")
    calendars: list[SchoolCalendarOut] = Field(
        description="Calendars of schools that do not follow the general one."
    )
    remind_after_minutes: int = Field(description="0 = never.")
