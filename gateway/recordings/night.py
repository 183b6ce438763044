"""When which recorder is asked: each once a night, spread over it by its name, always alike."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from zlib import crc32

import msgspec

from devices.recording.local_time import day_of, midnight

_MINUTE_MS: Final = 60_000
_DAY_MINUTES: Final = 1440


class Night(msgspec.Struct, frozen=True):
    """From ``begin`` to ``end``, minutes after local midnight; an end before it is the next day."""

    zone: str
    begin: int
    end: int

    @classmethod
    def of(cls, zone: str, begin: str, end: str) -> Night:
        """From times of day like ``01:30``."""
        first, last = _minutes(begin), _minutes(end)
        return cls(zone, first, last if last > first else last + _DAY_MINUTES)

    def last_due(self, name: str, now: int) -> int:
        """When (ms UTC) the recorder of this name was due last, at ``now`` at the latest."""
        share = crc32(name.encode()) / 2**32
        after = round((self.begin + share * (self.end - self.begin)) * _MINUTE_MS)
        today = day_of(self.zone, now)
        for back in range(3):  # a night may begin the day before yesterday, seen from its end
            due = midnight(self.zone, today - timedelta(back)) + after
            if due <= now:
                return due
        return 0  # no zone has such days


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)
