"""How each device that measures something stands, by the last that was heard of it. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from alerts.finding import Priority
from gateway.desk import DeviceConnection


class Stand(StrEnum):
    """How a device is. What is not heard is unknown: never well, whatever was last said of it."""

    TROUBLE = "trouble"  # an alert of it is open
    OFFLINE = "offline"
    UNKNOWN = "unknown"
    GOOD = "good"


RANK: Final = {stand: rank for rank, stand in enumerate(Stand)}
"""What people should look at comes first."""


class OpenAlert(msgspec.Struct, frozen=True):
    """An open alert of a device, in few words."""

    id: int
    priority: Priority
    condition: str


def is_old(connection: DeviceConnection | None, now: int) -> bool:
    """Whether what it last said was so, not is so: it was never heard, or not as long as is unusual
    for it, or it said good-bye."""
    if connection is None or connection.heard is None or connection.online is False:
        return True
    return now - connection.heard > connection.limit


def stand_of(connection: DeviceConnection | None, *, alert: bool, tells: bool, now: int) -> Stand:
    """How a device stands. ``alert``: one of it is open; ``tells``: it has said anything of what it
    is there for."""
    if alert:
        return Stand.TROUBLE
    if connection is not None and connection.online is False:
        return Stand.OFFLINE
    return Stand.GOOD if tells and not is_old(connection, now) else Stand.UNKNOWN
