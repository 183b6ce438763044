"""Kinds of load that can be told from a feeder's total, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from itertools import pairwise
from typing import Final

import msgspec

SURELY_HEATER_W: Final = 1_560.0
"""From here on a flat load is no microwave: those take 1 to 1.5 kW (issue's facts; the four of
tracebase 950 to 1,500 W)."""

RESISTIVE: Final = 0.12
"""Reactive over active power of a step up to which it is resistive: a power factor of 0.993. Of the
kettle metered in kehkok's laboratory it is 0.015, of the vacuum cleaner there 0.18."""

METER_SHARE: Final = 0.02
"""Of the feeder's power: by so much reactive power may be off, as when it is worked out of a power
factor with two digits."""

ALIKE: Final = 0.06
"""Heights that differ by no more than this share may be the same appliance."""

TIMES: Final = 4
"""So often the same load has come on, within `CYCLES_MS`, to be called cycling."""

CYCLES_MS: Final = 15 * 60_000

TURN_MS: Final = 38_000
"""A microwave at part power comes on every 20 to 35 s. What a thermostat switches comes on less
often: an iron every 45 s and more."""

KETTLE_MS: Final = (20_000, 480_000)
"""Once on, flat, and off by itself: what boils 0.2 to 1.7 l at 1 to 2.6 kW."""


class Kind(StrEnum):
    """What a load is, as far as its power tells."""

    HEATER = "heater"  # flat and resistive: kettle, hotplate, iron, hair dryer, immersion heater
    KETTLE = "kettle"  # a heater that ended by itself after some minutes
    THERMOSTAT = "thermostat"  # a heater that switches itself on and off: iron, hotplate
    MICROWAVE = "microwave"
    HEATER_OR_MICROWAVE = "heater_or_microwave"  # active power alone does not tell which
    MOTOR = "motor"  # not resistive: vacuum cleaner, compressor, fan
    CHARGER = "charger"  # of a vehicle: for hours, and tapering off


class Likeness(msgspec.Struct, frozen=True, gc=False):
    """A kind and how sure it is: 0 to 1, the share of such loads that are of the kind."""

    kind: Kind
    confidence: float


def at_first_sight(height: float, reactive: float, total: float, *, unseen: bool) -> Likeness:
    """What a load is that has been on for some seconds, and flat.

    ``height`` and ``total`` (the feeder with it) in W, ``reactive`` in var (NaN = not given);
    ``unseen``: it came on in a gap. The confidences are round figures, not above what the benchmark
    `appliances` counts. A motor's surge is no sign: it is over within a second.
    """
    doubt = 0.8 if unseen else 1.0
    share = abs(reactive) / height
    if share <= RESISTIVE:
        return Likeness(Kind.HEATER, 0.97 * doubt)
    if share - METER_SHARE * total / height > RESISTIVE:
        if height < SURELY_HEATER_W:
            return Likeness(Kind.MICROWAVE, 0.6 * doubt)
        return Likeness(Kind.MOTOR, 0.9 * doubt)
    if height >= SURELY_HEATER_W:
        return Likeness(Kind.HEATER, 0.9 * doubt)
    return Likeness(Kind.HEATER_OR_MICROWAVE, 0.8 * doubt)


def in_turns(begun: Sequence[int]) -> Likeness | None:
    """What loads of one height are that came on at these times (ms, oldest first)."""
    if len(begun) < TIMES:
        return None
    # The shortest: one that was missed makes two turns one.
    if min(late - early for early, late in pairwise(begun[-TIMES:])) <= TURN_MS:
        return Likeness(Kind.MICROWAVE, 0.8)
    return Likeness(Kind.THERMOSTAT, 0.85)


def alike(one: float, other: float) -> bool:
    """Whether two heights (W) may be the same appliance."""
    return abs(one - other) <= ALIKE * max(one, other)
