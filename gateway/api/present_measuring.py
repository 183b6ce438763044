"""What the rooms of measuring devices have in common: an open alert in few words, a limit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from gateway.api.models.measuring import OpenAlertOut, StandTotalsOut
from gateway.api.models.shapes import Names
from gateway.api.present import PRIORITY_NAMES
from gateway.measuring import OpenAlert, Stand

if TYPE_CHECKING:
    from devices.kinds import RuleParameters
    from devices.model import Device
    from gateway.api.kinds import KindTable
    from gateway.words import Words


_BELOW: Final = "below"
"""The parameter of a limit that a value must not fall short of."""


def open_alert_out(alert: OpenAlert, words: Words) -> OpenAlertOut:
    """An open alert with the name of its condition."""
    said = words.or_else(f"condition.{alert.condition}", alert.condition)
    return OpenAlertOut(
        id=alert.id,
        priority=PRIORITY_NAMES[alert.priority],
        condition=alert.condition,
        name=Names(zh=said["zh"], en=said["en"]),
    )


def lowest_limit(
    kinds: KindTable, device: Device, school: RuleParameters, metric: str
) -> float | None:
    """The lowest of the upper limits of a value of the device; ``None`` when it has none.
    ``school`` are the school's own figures for the kind."""
    limits = kinds.limits(device, school, metric)
    return min((figure for _, of, figure in limits if of != _BELOW), default=None)


def totals_out(counts: Mapping[Stand, int]) -> StandTotalsOut:
    """How many are how; a state that is missing is none."""
    return StandTotalsOut(**{stand.value: counts.get(stand, 0) for stand in Stand})
