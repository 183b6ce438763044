"""Places what a device says in time: its own clock while that is believable, ours otherwise.

A device's clock may be unset, wrong, or jump; its messages may come hours late after an outage.
From one message the two cannot be told apart: ``delay = received - at`` is how long the message
was under way less how fast the clock is. Over several they can. A burst from a buffer comes faster
than it was measured, so its delays shrink from message to message; a wrong clock runs *in step*
with ours, so its delays stay the same. And since no message is under way for less than no time,
the smallest delay of a while is the best estimate of the clock's error.
"""

from __future__ import annotations

from typing import Final

from devices.reading import Reading

TOLERANCE: Final = 60_000
"""ms. A clock within it is believed, as is a time so far in the future (``received`` then)."""

LATE: Final = 60_000
"""ms under way beyond what is usual for the device from which a message counts as late."""

EARLIEST: Final = 1_577_836_800_000
"""2020-01-01: clocks that were never set show 1970, 2000 or the day their firmware was built."""

LONGEST: Final = 31 * 86_400_000
"""ms. Nothing is kept by a device for longer; an older time is a wrong clock."""

_AGAIN: Final = 3
"""So many times in step before an unusual delay is taken for the clock and not for lateness."""

_ROUND: Final = 64
"""Usual messages after which the estimate is made anew from the smallest delay among them."""


class DeviceClock:
    """What is known of one device's clock. ``error`` in ms, positive = fast; ``None`` = unknown.

    ``low`` and ``high`` bound the delays (ms) that are usual for it; an empty span means unknown.
    ``best`` is the smallest delay of this round of usual messages, of which ``left`` are to come.
    """

    __slots__ = (
        "_last_delay",
        "_last_left",
        "_last_received",
        "_steps",
        "best",
        "error",
        "high",
        "left",
        "low",
        "trusted",
    )

    def __init__(self) -> None:
        self.error: int | None = None
        self.low = 1
        self.high = 0
        self.trusted = True
        self.best = 0
        self.left = 0
        self._steps = 0
        self._last_delay = 0
        self._last_received = 0
        self._last_left = 0

    def adopt(self, delay: int) -> None:
        """Take ``delay`` (ms) for the usual one: the clock's error, seen from the other side."""
        self.error = -delay
        self.low = delay - LATE
        self.high = delay + LATE
        self.trusted = -TOLERANCE <= delay <= TOLERANCE
        self.best = self.high
        self.left = self._last_left = _ROUND
        self._steps = 0

    def learn(self, delay: int, received: int) -> None:
        """Learn from a delay that is not usual."""
        if -TOLERANCE <= delay <= LATE or (self.error is not None and 0 <= delay < -self.error):
            # Right clocks send such; or what looked like a slow clock was only late.
            self.adopt(delay)
            return
        passed = received - self._last_received
        usual_between = self.left != self._last_left
        if usual_between or passed < 0 or self._last_received == 0:
            self._steps = 0
        elif passed >= 1000:  # closer together they tell nothing
            in_step = abs(delay - self._last_delay) <= max(2000, passed // 4)
            self._steps = self._steps + 1 if in_step else 0
        else:
            return
        self._last_delay = delay
        self._last_received = received
        self._last_left = self.left
        if self._steps >= _AGAIN:
            self.adopt(delay)


def place_in_time(reading: Reading, clock: DeviceClock) -> None:
    """Set ``reading.happened`` and ``reading.late`` (both times stay), and learn from it."""
    at = reading.at
    received = reading.received
    if at is None:
        reading.happened = received
        return
    delay = received - at
    if clock.low <= delay < clock.high:
        reading.happened = at if clock.trusted and delay > 0 else received
        if delay < clock.best:  # noqa: PLR1730 - a call of min() would cost a tenth of all this
            clock.best = delay
        left = clock.left - 1
        if left:
            clock.left = left
        else:
            clock.adopt(clock.best)
        return
    _place_unusual(reading, clock, at, delay)


def _place_unusual(reading: Reading, clock: DeviceClock, at: int, delay: int) -> None:
    received = reading.received
    if not reading.retained:  # a retained message is old by nature
        clock.learn(delay, received)
    plausible = at >= EARLIEST and -TOLERANCE <= delay <= LONGEST
    if clock.trusted:
        reading.happened = at if plausible and delay > 0 else received
        reading.late = plausible and delay > LATE
    else:
        reading.happened = received
        reading.late = clock.error is not None and delay + clock.error > LATE
