"""What was switched on behind a meter: when, how much, and what it is."""

from __future__ import annotations

import math
from typing import Final

import msgspec

from alerts.appliances.kinds import Kind
from alerts.appliances.steps import UNKNOWN

MOST_PULSING: Final = 8

HOUR_MS: Final = 3_600_000
OFTEN: Final = 4.0
"""Pulses an hour, for an hour and more: a machine that keeps itself hot. An iron is put away before
that, and what a refrigerator or two do is over within a reading."""

FORGOTTEN: Final = 0.5
PULSES_DIFFER: Final = 0.25


class Load(msgspec.Struct, gc=False):
    """Something that was switched on.

    Times in ms: ``before`` the last reading without it, ``since`` the first with it, ``last`` the
    last with it, ``ended`` the first without it again (0 = on). ``height`` in W, ``reactive`` in
    var. Until it was judged it was in so many ``readings``, and the feeder at ``low`` to ``high``
    W, at first at ``total``. ``recognised`` (ms) is when its kind was told; 0 = not yet, and
    ``kind`` says nothing. ``unseen``: it came, or may have gone, in a gap.
    """

    before: int
    since: int
    last: int
    height: float
    reactive: float = UNKNOWN
    readings: int = 1
    low: float = 0.0
    high: float = 0.0
    total: float = 0.0
    steady: bool = True
    unseen: bool = False
    recognised: int = 0
    ended: int = 0
    kind: Kind = Kind.MOTOR
    confidence: float = 0.0

    @property
    def flatness(self) -> float:
        """Share of its height by which the feeder differed, up or down, while it was judged."""
        return (self.high - self.low) / 2 / self.height if self.height > 0 else 0.0

    @property
    def power_factor(self) -> float | None:
        """Of the load by itself; ``None`` when the meter gives no reactive power."""
        if math.isnan(self.reactive):
            return None
        return self.height / math.hypot(self.height, self.reactive)

    def lasted(self) -> int:
        """How long it was on (ms), as well as readings tell."""
        end = (self.last + self.ended) // 2 if self.ended else self.last
        return end - (self.before + self.since) // 2


class Pulsing(msgspec.Struct, gc=False):
    """Something of this height (W) is on for a moment, again and again, since and until (ms);
    ``rate`` is how often in the latest hour, older ones counting less and less.
    """

    height: float
    since: int
    last: int
    rate: float = 1.0

    def rate_at(self, now: int) -> float:
        """How often in the hour before ``now``."""
        return self.rate * math.exp(-max(0, now - self.last) / HOUR_MS)


class Start(msgspec.Struct, frozen=True, gc=False):
    """A load of this height (W) came on, however briefly."""

    at: int
    height: float


def note_pulse(known: list[Pulsing], now: int, height: float) -> None:
    """Take in that something of ``height`` (W) was on for a moment."""
    known[:] = [one for one in known if one.rate_at(now) >= FORGOTTEN]
    for one in known:
        if _near(one.height, height):
            one.height += 0.1 * (height - one.height)
            one.rate = one.rate_at(now) + 1
            one.last = now
            return
    del known[: len(known) - MOST_PULSING + 1]
    known.append(Pulsing(height, now, now))


def pulses_for_hours(known: list[Pulsing], now: int, height: float) -> bool:
    """Whether a machine that keeps itself hot takes this height (W)."""
    return any(
        now - one.since >= HOUR_MS and one.rate_at(now) >= OFTEN and _near(one.height, height)
        for one in known
    )


def _near(one: float, other: float) -> bool:
    """A reading in a pulse is often of a second in which it had not quite begun or ended."""
    return abs(one - other) <= PULSES_DIFFER * max(one, other)
