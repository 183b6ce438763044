"""What is remembered of a feeder whose appliances are judged."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from alerts.appliances.charging import Charging
from alerts.appliances.feeder import Feeder
from alerts.appliances.loads import Load
from alerts.appliances.seen import Seen
from alerts.appliances.steps import UNKNOWN, Level
from alerts.appliances.usual import Usual
from alerts.rules.measure import number
from devices.reading import Value

POWER: Final = "power_w"
REACTIVE: Final = "reactive_var"
FACTOR: Final = "power_factor"


class Raised(msgspec.Struct, gc=False):
    """An alert that is open: heights (W) of what was told, when the last of it went off (ms; 0 = it
    is on), and what is said of it then.
    """

    since: int
    heights: list[float]
    off: int = 0
    said: dict[str, bool | int | float | str | None] = msgspec.field(default_factory=dict)
    unseen: bool = False


class AppliancesMemory(msgspec.Struct, gc=False):
    """By phase: what is on, what charges. ``forbidden`` are told loads that are on. ``slow`` are
    the latest pauses (ms) that were too long. ``seen`` (ms) and ``before`` are the last reading,
    ``levels`` those of the feeders, which are ``calm`` while none moves or has a load to judge;
    ``recent`` is what was recognised in the latest day and a half.
    Loads are found anew after a start.
    """

    feeders: list[Feeder] = msgspec.field(default_factory=list)
    charging: list[Charging] = msgspec.field(default_factory=list)
    levels: list[Level] = msgspec.field(default_factory=list)
    calm: bool = False
    seen: int = 0
    minute: int = 0
    before: Mapping[str, Value] | None = None
    forbidden: list[Load] = msgspec.field(default_factory=list)
    slow: list[int] = msgspec.field(default_factory=list)
    raised: Raised | None = None
    charged: Raised | None = None
    blind: bool = False
    usual: Usual | None = None
    recent: list[Seen] = msgspec.field(default_factory=list)


_NOTHING: Final[list[Any]] = []
"""Shared by all memories of feeders that are not judged: nobody ever writes to it."""


def idle_memory() -> AppliancesMemory:
    """Of a feeder that is not judged: half a kilobyte less, and there are many of them."""
    return AppliancesMemory(
        feeders=_NOTHING,
        charging=_NOTHING,
        levels=_NOTHING,
        forbidden=_NOTHING,
        slow=_NOTHING,
        recent=_NOTHING,
    )


def catch_up(memory: AppliancesMemory) -> None:
    """Where the feeder stood by the last reading, which was passed over as one like those before:
    so are most, and what they say is taken in only when something happens.
    """
    before = memory.before
    if before is None:
        return
    power = before.get(POWER)
    for phase, level in enumerate(memory.levels):
        watts = _entry(power, phase)
        if watts is not None and level.moving is None and level.low <= watts <= level.high:
            level.agree(memory.seen, watts, reactive_of(before, phase, watts))


def reactive_of(values: Mapping[str, Value] | None, phase: int, watts: float) -> float:
    """Reactive power of a phase (var) as the meter gives it, or of its power factor."""
    if values is None:
        return UNKNOWN
    given = _entry(values.get(REACTIVE), phase)
    if given is not None:
        return abs(given)
    factor = _entry(values.get(FACTOR), phase)
    if factor is None or not 0 < abs(factor) <= 1:
        return UNKNOWN
    return abs(watts) * math.tan(math.acos(abs(factor)))


def _entry(value: Value, phase: int) -> float | None:
    if isinstance(value, list):
        return number(value[phase]) if phase < len(value) else None
    return number(value) if not phase else None
