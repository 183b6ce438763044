"""What a Hikvision recorder's times mean: many write ``Z`` and mean local time, some mean it.

`/ISAPI/System/time` tells the zone and the clock. What ``Z`` means in answers to searches only
such an answer can tell: the later of the two readings of *now* is a time that the other meaning
knows nothing of yet, so a recording there proves it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from devices.recording.local_time import FixedZone, Zone, to_local
from devices.recording.written_time import Label, ZMeans

LIVE_MS: Final = 600_000
"""A camera that records has a segment that ended less than ten minutes ago."""

SEEN_MS: Final = 2 * 3_600_000

_UTC: Final = FixedZone(0)


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
