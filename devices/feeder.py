"""What an electrical monitor says of its feeder, by phase, and whether it can be true of one."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

import msgspec

from devices.reading import Value

SHARE: Final = 0.15
LEAST_W: Final = 20.0
"""Figures agree when they differ by no more than the larger of the two: meters round what they say,
and clamp meters and loads that change while one reads are no laboratory. Defaults of ours."""

_ABSURD: Final = 1e15
"""No quantity of a feeder is larger; keeps out what is no number, too."""


class Mistake(StrEnum):
    """What of a reading cannot be true."""

    NO_CURRENT = "power_without_current"
    TOO_MUCH = "power_above_apparent"  # more active power than voltage times current
    FACTOR = "power_factor_disagrees"
    SUM = "phases_do_not_add_up"  # the total is another than its phases make


class Contradiction(msgspec.Struct, frozen=True):
    """A mistake, the power (W) that was told, and the power that the other figures make."""

    mistake: Mistake
    told_w: float
    expected_w: float


def entries(value: object) -> list[float | None]:
    """One for each phase or sensor; ``None`` where it could not be measured."""
    several = value if isinstance(value, list) else [value]
    return [
        float(one)
        if isinstance(one, int | float) and not isinstance(one, bool) and -_ABSURD < one < _ABSURD
        else None
        for one in several
    ]


def measured(value: object) -> list[float]:
    """One for each phase or sensor; empty when any of them could not be measured."""
    several: list[Any] = value if isinstance(value, list) else [value]
    for one in several:
        if (one.__class__ is not float and one.__class__ is not int) or not (
            -_ABSURD < one < _ABSURD
        ):
            return []
    return several


def phase_name(index: int) -> str:
    """How people call a phase: L1, L2, L3."""
    return f"L{index + 1}"


def power_of(values: Mapping[str, Value]) -> float | None:
    """Active power in W over all phases; ``None`` when it cannot be told."""
    told = measured(values.get("power_w"))
    if told:
        return round(sum(told), 1)
    computed = _computed(values, _apparent(values))
    return round(sum(computed), 1) if computed else None


def contradiction(
    values: Mapping[str, Value], share: float = SHARE, least_w: float = LEAST_W
) -> Contradiction | None:
    """Why voltage, current, power and power factor cannot all be true; ``None`` when they can, or
    when too little is told. ``share`` and ``least_w`` are what they may differ by.
    """
    told = measured(values.get("power_w"))
    apparent = _apparent(values) if told else []
    if not apparent:
        return None
    computed = _computed(values, apparent)
    if len(told) == len(apparent):
        for index, most in enumerate(apparent):
            expected = computed[index] if computed else None
            found = _mistake(abs(told[index]), most, expected, share, least_w)
            if found is not None:
                return _made(found, told, computed or apparent)
    elif len(told) == 1:
        power, total = abs(told[0]), abs(sum(computed or apparent))
        differs = abs(power - total) if computed else power - total
        if differs > max(least_w, share * total):
            return _made(Mistake.SUM, told, computed or apparent)
    return None


def _made(mistake: Mistake, told: list[float], expected: list[float]) -> Contradiction:
    return Contradiction(mistake, round(sum(told), 1), round(sum(expected), 1))


def _mistake(
    power: float, most: float, expected: float | None, share: float, least_w: float
) -> Mistake | None:
    if power > most + max(least_w, share * most):
        return Mistake.NO_CURRENT if most < least_w else Mistake.TOO_MUCH
    # Meters that feed back tell a negative power, and some of them a positive factor.
    if expected is not None and abs(power - abs(expected)) > max(least_w, share * abs(expected)):
        return Mistake.FACTOR
    return None


def _apparent(values: Mapping[str, Value]) -> list[float]:
    """Voltage times current (VA) by phase, one voltage for all of them; empty when not known."""
    voltage, current = measured(values.get("voltage_v")), measured(values.get("current_a"))
    if len(voltage) == len(current):
        return [abs(u * i) for u, i in zip(voltage, current, strict=True)]
    return [abs(voltage[0] * i) for i in current] if len(voltage) == 1 else []


def _computed(values: Mapping[str, Value], apparent: list[float]) -> list[float]:
    """Active power (W) by phase, with the power factor; empty when not known."""
    factor = measured(values.get("power_factor"))
    if len(factor) != len(apparent):
        return []
    return [most * f for most, f in zip(apparent, factor, strict=True)]
