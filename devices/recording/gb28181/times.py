"""Times of GB/T 28181: local, without a zone, and as devices really write them.

Seen: no zero padding, a blank instead of ``T``, fractions, 24:00:00, an offset, and ``Z`` by
devices that mean local time as well as by devices that mean UTC. What ``Z`` means must follow from
what else is known; here it is only kept.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Final

import msgspec

from devices.recording.gb28181.errors import ContentError

_WRITTEN: Final = re.compile(
    r"([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})(?:[Tt]|\s+)"
    r"([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:\.[0-9]{1,9})?\s*"
    r"(Z|z|[+-][0-9]{2}:?[0-9]{2})?",
    re.ASCII,
)
EARLIEST_YEAR: Final = 1990
LATEST_YEAR: Final = 2100


class Zulu(StrEnum):
    """What a device means by ``Z``."""

    LOCAL = "local"
    UTC = "utc"


class Written(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """A time as written. ``offset_s`` is the offset written; ``zulu``: whether it ends in Z."""

    clock: datetime
    offset_s: int | None = None
    zulu: bool = False

    def ms(self, zone: tzinfo, zulu: Zulu | None) -> int:
        """Milliseconds since 1970 UTC.

        ``zulu`` is what Z means; it must be known when there is one. `ContentError` for a local
        time that the zone has twice or not at all (summer time).
        """
        if self.offset_s is not None:
            return _ms(self.clock.replace(tzinfo=UTC)) - self.offset_s * 1000
        if self.zulu and zulu is None:
            raise ContentError("the time is marked Z, which may mean UTC or local time")
        if self.zulu and zulu is Zulu.UTC:
            return _ms(self.clock.replace(tzinfo=UTC))
        first = self.clock.replace(tzinfo=zone, fold=0)
        if first.utcoffset() != first.replace(fold=1).utcoffset():
            raise ContentError(
                f"{self.clock.isoformat()} does not happen exactly once: the clocks change then"
            )
        return _ms(first)


def read_time(text: str) -> Written:
    """A time as devices write it; `ContentError` when it is none or not of these decades."""
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise ContentError(f"no time that can be read: {text[:40]!r}")
    year, month, day, hour, minute, second = (int(found[index]) for index in range(1, 7))
    midnight = (hour, minute, second) == (24, 0, 0)
    try:
        clock = datetime(year, month, day, 0 if midnight else hour, minute, second)  # noqa: DTZ001 - the zone is what is not known yet
    except ValueError as error:
        raise ContentError(f"no time there is: {text[:40]!r}") from error
    if not EARLIEST_YEAR <= year < LATEST_YEAR:
        raise ContentError(f"a time of another age: {text[:40]!r}")
    if midnight:
        clock += timedelta(days=1)
    mark = found[7] or ""
    if mark in {"", "Z", "z"}:
        return Written(clock=clock, zulu=bool(mark))
    hours, minutes = int(mark[1:3]), int(mark[-2:])
    if hours > 14 or minutes > 59:
        raise ContentError(f"no offset there is: {text[:40]!r}")
    seconds = hours * 3600 + minutes * 60
    return Written(clock=clock, offset_s=-seconds if mark[0] == "-" else seconds)


def as_local(at: int, zone: tzinfo) -> str:
    """A moment as a query writes it: local, to the second, without a zone.

    `ContentError` when that would not say which moment is meant (summer time).
    """
    local = datetime.fromtimestamp(at // 1000, zone)
    if local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset():
        raise ContentError(f"{local.isoformat()} cannot be asked for: the clocks change then")
    return local.replace(tzinfo=None).isoformat(timespec="seconds")


def as_date_header(at: int, zone: tzinfo) -> str:
    """The Date of an answer to REGISTER, by which devices set their clock: local, with ms."""
    local = datetime.fromtimestamp(at // 1000, zone) + timedelta(milliseconds=at % 1000)
    return local.replace(tzinfo=None).isoformat(timespec="milliseconds")


def _ms(moment: datetime) -> int:
    return int(moment.timestamp()) * 1000
