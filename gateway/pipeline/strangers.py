"""Alarms of devices that nobody has registered: an alarm is an alarm, whoever sends it.

Who speaks at all has the school's credentials. That the register does not know a button yet (or no
longer) is a fault of the register, and no reason to let a press go unheard.
"""

from __future__ import annotations

from typing import Final
from zlib import crc32

from alerts.finding import Explanation, Finding, Priority
from alerts.rules.events_seen import is_news
from alerts.rules.pressed import PRESSES
from devices.model import Device
from devices.reading import Reading, Route

CONDITION: Final = "unregistered_alarm"
_ALARMS: Final = PRESSES | {"alarm"}
_SAYS_SO: Final = ("smoke_alarm", "gas_alarm", "co_alarm")
"""Values in which a detector says that it is in alarm."""


def stand_in(route: Route, kind: str) -> Device:
    """Stands for the device in its alert: a row below zero, the same for it at any time."""
    row = -1 - crc32(f"{route.dialect}/{route.school}/{route.device}".encode())
    return Device(
        school=route.school,
        id=route.device,
        kind=kind or route.kind,
        row=row,
        dialect=route.dialect,
        address=route.address,
    )


def alarm_of(
    route: Route, reading: Reading, seen: list[tuple[int, int]], now: int
) -> Finding | None:
    """The emergency in a reading of an unregistered device; ``None`` when there is none.

    ``seen`` are its events known already. It is over as soon as it is known and latches: nobody
    will tell when it ends.
    """
    said = reading.event if reading.event in _ALARMS else _alarm_among(reading)
    if said is None or not is_news(seen, reading):
        return None
    return Finding(
        condition=CONDITION,
        active=False,
        priority=Priority.EMERGENCY,
        happened=reading.happened or reading.received,
        known=now,
        explanation=Explanation(
            rule=CONDITION,
            code=CONDITION,
            inputs={"device": route.device, "event": said},
        ),
        occurrence=True,
        latches=True,
        remark="unregistered",
    )


def _alarm_among(reading: Reading) -> str | None:
    return next((name for name in _SAYS_SO if reading.values.get(name) is True), None)
