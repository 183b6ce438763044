"""Which event messages of a device are known already, so that none counts twice.

A native alarm device repeats an event, same ``ts`` and ``seq``, until our reply arrives; a broker
delivers again what was not acknowledged; a bridge retains. A new press has a new ``ts``. Devices
without a clock reboot for each press and send the same figures every time: what they send is
always new, because a press taken for a repetition would be an alarm lost.
"""

from __future__ import annotations

from typing import Final
from zlib import crc32

from devices.reading import Reading
from devices.timekeeping import EARLIEST

KEPT: Final = 64
"""Events remembered of a device: more than a device can have waiting for a reply."""

_RETAINED_NEWS: Final = 600_000
"""ms. A retained event older than this is a leftover, not news."""


def _name(reading: Reading) -> int:
    """Stands for ``seq`` where a device sends none: two events of one second are two, if they
    differ in anything. Negative, so that it is no device's ``seq``."""
    return -1 - crc32(reading.body, crc32((reading.event or "").encode()))


def is_news(seen: list[tuple[int, int]], reading: Reading) -> bool:
    """Whether this event message is a new event; remembers it in ``seen`` (oldest first)."""
    at = reading.at
    if at is None or at < EARLIEST:
        return not reading.retained
    mark = (at, _name(reading) if reading.seq is None else reading.seq)
    if mark in seen:
        return False
    if reading.retained and reading.received - at > _RETAINED_NEWS:
        return False
    seen.append(mark)
    if len(seen) > KEPT:
        del seen[0]
    return True
