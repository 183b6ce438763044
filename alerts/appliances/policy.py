"""Which loads a place allows, and when: what to do about one that was recognised."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from alerts.appliances.kinds import KETTLE_MS, Kind
from alerts.appliances.loads import Load

HOUR_MS: Final = 3_600_000
MINUTE_MS: Final = 60_000
DAY_MS: Final = 24 * HOUR_MS

ONE_OF_TWO: Final = 0.5
"""Of a load that is one of two kinds, of which one is forbidden, nobody knows which it is."""

_SPAN: Final = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)-([01]?\d|2[0-4]):([0-5]\d)\Z")


class Hours(msgspec.Struct, frozen=True):
    """Hours of the day, as spans of local time in ms; none at all when there is no span."""

    spans: tuple[tuple[int, int], ...]
    offset: int
    """What local time is ahead of UTC, in ms."""

    def hold(self, now: int) -> bool:
        """Whether ``now`` (ms UTC) is in them."""
        if not self.spans:
            return False
        moment = (now + self.offset) % DAY_MS
        return any(
            begin <= moment < end if begin < end else moment >= begin or moment < end
            for begin, end in self.spans
        )


def hours_of(text: str, offset: int) -> Hours:
    """``"11:00-13:30, 22:00-06:00"``; empty = none. Raises ``ValueError``."""
    spans = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        found = _SPAN.match(part)
        if found is None:
            raise ValueError(f"hours are like 11:00-13:30, not '{part}'")
        hours, minutes, to_hours, to_minutes = map(int, found.groups())
        begin = hours * HOUR_MS + minutes * MINUTE_MS
        spans.append((begin, to_hours * HOUR_MS + to_minutes * MINUTE_MS))
    return Hours(tuple(spans), offset)


def clock(now: int, offset: int) -> str:
    """The local time of day, as ``23:41``."""
    minutes = (now + offset) % DAY_MS // MINUTE_MS
    return f"{minutes // 60:02}:{minutes % 60:02}"


class Policy(msgspec.Struct, frozen=True):
    """What is forbidden. ``kettles``: also what boils for some minutes and ends by itself."""

    heaters: bool = True
    kettles: bool = True
    microwaves: bool = True
    motors: bool = False

    def sure_of(self, load: Load, now: int) -> float:
        """How sure it is, from 0 to 1, that this recognised load is a forbidden one.

        Where kettles are allowed and other heaters are not, a heater is nothing wrong for as long
        as a kettle may be on.
        """
        heaters = self.heaters and (self.kettles or not self._may_be_kettle(load, now))
        match load.kind:
            case Kind.HEATER:
                return load.confidence if heaters else 0.0
            case Kind.THERMOSTAT:
                return load.confidence if self.heaters else 0.0
            case Kind.KETTLE:
                return load.confidence if self.kettles else 0.0
            case Kind.MICROWAVE:
                return load.confidence if self.microwaves else 0.0
            case Kind.HEATER_OR_MICROWAVE:
                forbidden = heaters + self.microwaves
                return load.confidence * (1.0 if forbidden == 2 else ONE_OF_TWO * forbidden)
            case Kind.MOTOR:
                return load.confidence if self.motors else 0.0
        return 0.0

    def _may_be_kettle(self, load: Load, now: int) -> bool:
        on = load.lasted() if load.ended else now - load.since
        return on <= KETTLE_MS[1]
