"""How schools stand, for the overview and the screen on the wall."""

from __future__ import annotations

from pydantic import Field

from devices.police_link.states import LinkState
from gateway.api.models.alerts import FeedOut
from gateway.api.models.links import LinkCountsOut
from gateway.api.models.shapes import Moment, Names, Out
from gateway.overview.standing import Doubt
from gateway.settings_fields import PriorityName


class PrioritiesOut(Out):
    """How many alerts of each priority."""

    emergency: int = Field(examples=[1])
    high: int = Field(examples=[0])
    medium: int = Field(examples=[2])
    low: int = Field(examples=[0])
    notice: int = Field(examples=[0])


class StandingOut(Out):
    """What is open: without what is shelved, or hidden by maintenance."""

    worst: PriorityName | None = Field(
        examples=["emergency"], description="The most urgent that is open; `null`: nothing is."
    )
    waiting: PriorityName | None = Field(
        examples=["emergency"],
        description="The most urgent that nobody has acknowledged; `null`: all are taken.",
    )
    waiting_since: Moment | None = Field(
        description="When the oldest of the most urgent ones that wait last occurred."
    )
    open: PrioritiesOut
    unacknowledged: PrioritiesOut


class TallyOut(Out):
    """How many devices are how. Those that a cause has cut off are unknown."""

    good: int = Field(examples=[117])
    bad: int = Field(examples=[2])
    unknown: int = Field(examples=[1])
    out_of_service: int = Field(examples=[0], description="Of the unknown ones.")


class SchoolOverviewOut(StandingOut):
    """One school. Cameras and recorders are among its devices, too."""

    school: str = Field(examples=["no3-middle"])
    name: Names
    region: str | None = Field(examples=["east-county"])
    police: LinkState | None = Field(
        description="The worst of its police links; `null`: it has none."
    )
    devices: TallyOut
    cameras: TallyOut
    recorders: TallyOut
    heard: Moment | None = Field(description="When one of its devices was last heard.")
    maintenances: int = Field(examples=[0], description="How many hide faults there now.")
    flood: int | None = Field(
        description="While it has more alerts than one can work through: how many came."
    )
    doubt: Doubt | None = Field(
        description="Why nobody can call it well, even without an alert; `null`: nothing does."
    )


class OverviewTotalsOut(Out):
    """Over all schools shown. `troubled` have an open alert, `unknown` none, but a doubt."""

    schools: int = Field(examples=[12])
    troubled: int = Field(examples=[1])
    unknown: int = Field(examples=[0])
    maintenances: int = Field(examples=[0])
    open: PrioritiesOut
    unacknowledged: PrioritiesOut
    police: LinkCountsOut | None = Field(
        description="Schools by the worst of their police links; `null`: none has one."
    )
    devices: TallyOut
    cameras: TallyOut
    recorders: TallyOut


class OverviewOut(Out):
    """How the schools in the caller's scope stand, in no order. `gateway` is what is open of the
    gateway itself, which is everybody's."""

    now: Moment
    feed: FeedOut
    gateway: StandingOut
    totals: OverviewTotalsOut
    schools: list[SchoolOverviewOut]
