"""What a Hikvision recorder's times mean: many write ``Z`` and mean local time, some mean it.

`/ISAPI/System/time` tells the zone and the clock. What ``Z`` means in answers to searches only
such an answer can tell: the later of the two readings of *now* is a time that the other meaning
knows nothing of yet, so a recording there proves it.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from devices.recording.local_time import FixedZone, Zone, from_local, to_local
from devices.recording.source import UnreadableError

LIVE_MS: Final = 600_000
"""A camera that records has a segment that ended less than ten minutes ago."""

SEEN_MS: Final = 2 * 3_600_000

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


class Calibration(msgspec.Struct, frozen=True):
    """A recorder's zone, what its ``Z`` means, and whether that is proven or only usual."""

    zone: Zone
    means: ZMeans
    proven: bool

    def written(self, moment: int) -> str:
        """``moment`` (ms UTC) as this recorder wants to be asked: with ``Z``, whatever it means."""
        zone = _UTC if self.means is ZMeans.UTC else self.zone
        return f"{to_local(zone, moment):%Y-%m-%dT%H:%M:%S}Z"


def readings_of_now(
    zone: Zone, now: int
) -> tuple[tuple[ZMeans, datetime], tuple[ZMeans, datetime]]:
    """How ``now`` is written by who means local time and by who means UTC, the later first."""
    local, utc = (ZMeans.LOCAL, to_local(zone, now)), (ZMeans.UTC, to_local(_UTC, now))
    return (local, utc) if local[1] >= utc[1] else (utc, local)


def nearest_reading(label: Label, zone: Zone, now: int) -> int:
    """The clock of a recorder (ms UTC): of the two meanings of ``Z``, that which is less off."""
    both = [label.moment(zone, means) for means in ZMeans]
    return min(both, key=lambda moment: abs(moment - now))
