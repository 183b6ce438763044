"""How each feeder is, by the last that its electrical monitor said of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

import msgspec

from alerts.finding import Priority
from devices.feeder import entries
from gateway.desk import DeviceConnection

KIND: Final = "electrical"
"""The kind of the devices that measure feeders."""


class FeederState(StrEnum):
    """How a feeder is. What is not heard is unknown: never well, whatever was last said of it."""

    TROUBLE = "trouble"  # an alert of it is open
    OFFLINE = "offline"
    UNKNOWN = "unknown"
    GOOD = "good"


RANK: Final = {state: rank for rank, state in enumerate(FeederState)}
"""What people should look at comes first."""


class OpenAlert(msgspec.Struct, frozen=True):
    """The most urgent open alert of a feeder."""

    id: int
    priority: Priority
    condition: str


class Ratings(msgspec.Struct, frozen=True):
    """What its figures are held against; ``None`` = nobody has said so.

    ``breaker_a`` is the rating of its breaker, ``residual_ma`` and ``cable_c`` are limits of rules.
    """

    breaker_a: float | None = None
    residual_ma: float | None = None
    cable_c: float | None = None


class Feeder(msgspec.Struct, frozen=True):
    """What a monitor last said: by phase, or by sensor for cables; ``None`` = cannot measure.

    ``seen`` is when it was last heard (ms), ``old`` whether that is longer ago than is usual for
    it: its values are then how it was, not how it is.
    """

    state: FeederState
    seen: int | None = None
    old: bool = False
    current_a: tuple[float | None, ...] = ()
    voltage_v: tuple[float | None, ...] = ()
    cable_c: tuple[float | None, ...] = ()
    power_w: float | None = None
    residual_ma: float | None = None
    switch: str | None = None


def feeder_of(connection: DeviceConnection | None, alert: OpenAlert | None, now: int) -> Feeder:
    """How a feeder is at the time ``now`` (ms)."""
    if connection is None:
        return Feeder(FeederState.UNKNOWN if alert is None else FeederState.TROUBLE)
    seen, values = connection.heard, connection.values
    old = seen is None or connection.online is False or now - seen > connection.limit
    state = FeederState.GOOD
    if alert is not None:
        state = FeederState.TROUBLE
    elif connection.online is False:
        state = FeederState.OFFLINE
    elif old or not _says_anything(values):
        state = FeederState.UNKNOWN
    switch = values.get("switch")
    return Feeder(
        state=state,
        seen=seen,
        old=old,
        current_a=_each(values, "current_a"),
        voltage_v=_each(values, "voltage_v"),
        cable_c=_each(values, "cable_temperature_c"),
        power_w=_sum(_each(values, "power_w")),
        residual_ma=largest(_each(values, "residual_current_ma")),
        switch=switch if isinstance(switch, str) else None,
    )


def load_pct(currents: Sequence[float | None], rating: float | None) -> float | None:
    """The load of the most loaded phase in percent of the breaker's rating.

    ``None``: the rating is not known, or a phase could not be measured, which may be that one.
    """
    if not rating or not currents or None in currents:
        return None
    return 100 * max(abs(one) for one in currents if one is not None) / rating


def margin(hottest: float | None, limit: float | None) -> float | None:
    """How much hotter it may become, in the unit of both; negative beyond the limit."""
    return None if hottest is None or limit is None else limit - hottest


def largest(values: Sequence[float | None]) -> float | None:
    """The largest that could be measured."""
    return max((one for one in values if one is not None), default=None)


def _sum(values: Sequence[float | None]) -> float | None:
    known = [one for one in values if one is not None]
    return sum(known) if known and len(known) == len(values) else None


def _each(values: Mapping[str, Any], name: str) -> tuple[float | None, ...]:
    return tuple(entries(values[name])) if name in values else ()


def _says_anything(values: Mapping[str, Any]) -> bool:
    return any(name in values for name in ("current_a", "voltage_v", "power_w", "switch"))
