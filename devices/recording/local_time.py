"""Local time, as recorders tell it and schools count their days: without a zone, and twice a year
with an hour that is there twice or not at all.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final, Protocol
from zoneinfo import ZoneInfo

DAY_MS: Final = 86_400_000
HOUR_MS: Final = 3_600_000

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_WALL: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - a wall clock's time has no zone
_MS: Final = timedelta(milliseconds=1)
_CHANGE_NEAR_MS: Final = 3 * HOUR_MS
"""No zone's clocks are put forward or back by more."""


class Zone(Protocol):
    """How far a wall clock is from UTC."""

    def offset_at(self, moment: int) -> int:
        """Local time less UTC, in ms, at ``moment`` (ms UTC)."""
        ...


class FixedZone:
    """The same offset (ms) all year round."""

    def __init__(self, offset: int) -> None:
        self.offset: Final = offset

    def offset_at(self, moment: int) -> int:  # noqa: ARG002 - it never changes
        """Local time less UTC, in ms."""
        return self.offset


class NamedZone:
    """A zone of the IANA database. Raises ``ZoneInfoNotFoundError`` for a name it does not have."""

    def __init__(self, name: str) -> None:
        self._zone: Final = ZoneInfo(name)

    def offset_at(self, moment: int) -> int:
        """Local time less UTC, in ms."""
        offset = (_EPOCH + moment * _MS).astimezone(self._zone).utcoffset()
        return (offset or timedelta()) // _MS


def to_local(zone: Zone, moment: int) -> datetime:
    """What the wall clock shows at ``moment`` (ms UTC)."""
    return _EPOCH_WALL + (moment + zone.offset_at(moment)) * _MS


def from_local(zone: Zone, wall: datetime, not_before: int | None = None) -> int:
    """ms UTC when the wall clock shows ``wall``.

    Of an hour that is there twice, the first that is not before ``not_before``: what a recorder
    lists in order tells which of the two is meant. A time that the clocks skip is read as if they
    had not been put forward yet.
    """
    shown = (wall - _EPOCH_WALL) // _MS
    before = zone.offset_at(shown - DAY_MS)
    offsets = {before, zone.offset_at(shown + DAY_MS)}
    meant = sorted(shown - each for each in offsets if zone.offset_at(shown - each) == each)
    for moment in meant:
        if not_before is None or moment >= not_before:
            return moment
    return meant[-1] if meant else shown - before


def generous(zone: Zone, begin: int, end: int) -> tuple[int, int]:
    """A span that, told in local time, surely has all of ``begin`` to ``end`` in it.

    Where the clocks change near an edge, nobody knows which of two equal times a recorder takes.
    """
    if zone.offset_at(begin - _CHANGE_NEAR_MS) != zone.offset_at(begin + _CHANGE_NEAR_MS):
        begin -= _CHANGE_NEAR_MS
    if zone.offset_at(end - _CHANGE_NEAR_MS) != zone.offset_at(end + _CHANGE_NEAR_MS):
        end += _CHANGE_NEAR_MS
    return begin, end


@lru_cache(maxsize=64)
def named_zone(name: str) -> NamedZone:
    """The zone of that name, made once."""
    return NamedZone(name)


def day_of(zone: str, moment: int) -> date:
    """The local day that ``moment`` (ms UTC) is in."""
    return to_local(named_zone(zone), moment).date()


@lru_cache(maxsize=4096)
def midnight(zone: str, day: date) -> int:
    """When ``day`` begins (ms UTC): at the first moment the clocks show it."""
    return from_local(named_zone(zone), datetime(day.year, day.month, day.day))  # noqa: DTZ001


@lru_cache(maxsize=256)
def local_days(zone: str, first: date, last: date) -> tuple[tuple[date, int, int], ...]:
    """Each day from ``first`` to ``last``: its date, its begin and its end (ms UTC).

    Days have 23, 24 or 25 hours; those that a zone left out (Samoa, 2011) are not there.
    """
    days = [first + timedelta(ahead) for ahead in range((last - first).days + 1)]
    spans = ((day, midnight(zone, day), midnight(zone, day + timedelta(1))) for day in days)
    return tuple((day, begin, end) for day, begin, end in spans if begin < end)
