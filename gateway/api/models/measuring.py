"""What the rooms of measuring devices have in common: an open alert in few words, totals."""

from __future__ import annotations

from pydantic import Field

from gateway.api.models.shapes import Names, Out
from gateway.settings_fields import PriorityName


class OpenAlertOut(Out):
    """An open alert of a device, in few words."""

    id: int
    priority: PriorityName
    condition: str = Field(examples=["overload"])
    name: Names


class StandTotalsOut(Out):
    """How many of what was asked for, in the school or region, are how."""

    trouble: int
    offline: int
    unknown: int
    good: int
