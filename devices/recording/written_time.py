"""Times as recorders write them: not always padded, with a zone, with ``Z``, or with nothing."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from devices.recording.local_time import FixedZone, Zone, from_local
from devices.recording.source import UnreadableError

_LABEL: Final = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})[T ](\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.\d{1,9})?"
    r"(Z|[+-]\d{2}:?\d{2})?",
    re.ASCII,
)
_UTC: Final = FixedZone(0)


class ZMeans(StrEnum):
    """What ``Z`` stands for."""

    LOCAL = "local"
    UTC = "utc"


class Label(msgspec.Struct, frozen=True):
    """A time as written: the wall clock, and what stands behind it ('', 'Z', '+08:00')."""

    wall: datetime
    suffix: str

    @classmethod
    def read(cls, text: str | None) -> Label:
        """Raises `UnreadableError` for what is no time."""
        found = _LABEL.fullmatch((text or "").strip())
        if found is None:
            raise UnreadableError(f"no time: {(text or '')[:40]!r}")
        *numbers, suffix = found.groups()
        year, month, day, hour, minute, second = (int(number) for number in numbers)
        midnight = hour == 24  # some write the end of a day so
        try:
            wall = datetime(year, month, day, 0 if midnight else hour, minute, second)  # noqa: DTZ001
        except ValueError as error:
            raise UnreadableError(f"no time: {text!r}: {error}") from error
        return cls(wall + timedelta(days=midnight), suffix or "")

    def moment(self, zone: Zone, means: ZMeans, not_before: int | None = None) -> int:
        """ms UTC. ``not_before`` chooses where the wall clock shows a time twice."""
        if self.suffix in ("", "Z"):
            utc = self.suffix == "Z" and means is ZMeans.UTC
            return from_local(_UTC if utc else zone, self.wall, not_before)
        hours, minutes = int(self.suffix[1:3]), int(self.suffix[-2:])
        offset = (hours * 60 + minutes) * 60_000 * (-1 if self.suffix[0] == "-" else 1)
        return from_local(FixedZone(offset), self.wall)
