"""How each feeder is, by the last that its electrical monitor said of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from devices.feeder import entries
from gateway.desk import DeviceConnection
from gateway.measuring import OpenAlert, Stand, is_old, stand_of

KIND: Final = "electrical"
"""The kind of the devices that measure feeders."""


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

    state: Stand
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
    values: Mapping[str, Any] = {} if connection is None else connection.values
    tells = _says_anything(values)
    state = stand_of(connection, alert=alert is not None, tells=tells, now=now)
    if connection is None:
        return Feeder(state)
    switch = values.get("switch")
    return Feeder(
        state=state,
        seen=connection.heard,
        old=is_old(connection, now),
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
