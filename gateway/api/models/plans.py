"""Pictures, floor plans, and where devices are on these."""

from __future__ import annotations

from pydantic import Field

from gateway.api.models.devices import Health
from gateway.api.models.shapes import Identifier, In, Names, Out
from gateway.api.models.work_orders import PictureHash


class PictureOut(Out):
    """A picture that is kept. It is found again by its hash."""

    hash: str
    width: int = Field(examples=[1600])
    height: int = Field(examples=[1200])


class PlanIn(In):
    """Which picture is the plan: the hash of one uploaded for the same school."""

    picture: PictureHash


class PlacedDeviceOut(Out):
    """A device on a plan: `x` from the left and `y` from the top, 0 to 1."""

    device: str
    kind: str
    name: Names
    x: float
    y: float
    health: Health


class PlanOut(Out):
    """The floor plan of a place, with the devices on it. Sides in pixels."""

    place: str
    picture: str
    width: int
    height: int
    positions: list[PlacedDeviceOut]


class PositionIn(In):
    """Where a device is: on the plan of `place`, `x` from the left and `y` from the top, 0 to 1."""

    place: Identifier
    x: float = Field(ge=0, le=1, allow_inf_nan=False)
    y: float = Field(ge=0, le=1, allow_inf_nan=False)
