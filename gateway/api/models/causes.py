"""What alerts have in common: the devices that one cause has cut off, and floods."""

from __future__ import annotations

from pydantic import Field

from gateway.api.models.shapes import Moment, Names, Out


class FloodOut(Out):
    """More alerts than a person can work through (ISA-18.2). Emergencies are never grouped."""

    school: str = Field(
        examples=["no3-middle"],
        description="Empty: all schools in the caller's scope together, none of which is flooded.",
    )
    school_name: Names
    since: Moment
    count: int = Field(examples=[14], description="Alerts raised, or raised again, since then.")
    first: int = Field(examples=[4711], description="The alert that came first.")


class VictimOut(Out):
    """A device that cannot be heard because of what the alert is about."""

    school: str = Field(examples=["no3-middle"])
    id: str = Field(examples=["lab-2"])
    kind: str = Field(examples=["smoke"])
    name: Names
    place: Names | None
    since: Moment | None = Field(description="When it was last heard before.")
    back: Moment | None = Field(description="When it was heard again; `null`: not yet.")
    alone: int | None = Field(
        description="The alert that it got when this one was over and it was still not heard."
    )


class VictimsOut(Out):
    """A page of them, those that are still cut off first. `total` counts all, `out` these."""

    items: list[VictimOut]
    total: int
    out: int
    next: str | None = None
