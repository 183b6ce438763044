"""Guesses the kind of an unregistered device from the names of what it measures."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Final

_ELECTRICAL: Final = frozenset(
    {"power_w", "energy_kwh", "current_a", "voltage_v", "residual_current_ma"}
)


def kind_of(names: AbstractSet[str], *, press: bool) -> str:
    """The kind that has values of these names (ours); a suggestion for who adopts it."""
    climate = "temperature_c" in names or "humidity_pct" in names
    if "smoke_alarm" in names:
        return "smoke-temperature" if climate else "smoke"
    if press:
        return "alarm-button"
    if not _ELECTRICAL.isdisjoint(names):
        return "electrical"
    return "temperature" if climate else "other"
