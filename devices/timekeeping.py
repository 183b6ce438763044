"""Places what a device says in time: its own clock while that is believable, ours otherwise.

A device's clock may be unset, wrong, or jump; its messages may come hours late after an outage.
From one message the two cannot be told apart: ``delay = received - at`` is how long the message
was under way less how fast the clock is. Over several they can. A burst from a buffer comes faster
than it was measured, so its delays shrink from message to message; a wrong clock runs *in step*
with ours, so its delays stay the same. And since no message is under way for less than no time,
the smallest delay of a while is the best estimate of the clock's error.
"""

from __future__ import annotations

from functools import lru_cache
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

ROUND: Final = 64
"""Messages after which the estimate is made anew from the smallest usual delay among them."""


@lru_cache(maxsize=8192)
def _around(delay: int) -> tuple[int, int, int]:
    """Error, lowest and highest usual delay by the usual one. Kept, because most devices of a
    hundred thousand have the delays of others, and numbers of their own would be 10 MB."""
    return -delay, delay - LATE, delay + LATE


class DeviceClock:
    """What is known of one device's clock. ``error`` in ms, positive = fast; ``None`` = unknown.

    ``low`` and ``high`` bound the delays (ms) that are usual for it; an empty span means unknown.
    ``best`` is the smallest delay of this round of messages. Of a delay from ``plain_from`` up to
    ``plain_to`` there is nothing to say: the device's time is believed, and nothing is learned.
    ``messages`` counts what was placed in time.
    """

    __slots__ = (
        "_last_delay",
        "_last_message",
        "_last_received",
        "_steps",
        "best",
        "error",
        "high",
        "low",
        "messages",
        "plain_from",
        "plain_to",
        "trusted",
    )

    def __init__(self) -> None:
        self.error: int | None = None
        self.low = 1
        self.high = 0
        self.trusted = True
        self.best = 0
        self.plain_from = 1
        self.plain_to = 0
        self.messages = 0
        self._steps = 0
        self._last_delay = 0
        self._last_received = 0
        self._last_message = 0

    def adopt(self, delay: int) -> None:
        """Take ``delay`` (ms) for the usual one: the clock's error, seen from the other side."""
        self.error, self.low, self.high = _around(delay)
        self.trusted = -TOLERANCE <= delay <= TOLERANCE
        self._steps = 0
        self._begin_round()

    def _begin_round(self) -> None:
        self.best = self.high
        self.plain_from = max(self.best, 1)
        self.plain_to = self.high if self.trusted else 0

    def usual(self, delay: int) -> None:
        """Learn from a usual delay; at the end of a round the smallest is taken for the clock."""
        if delay < self.best:
            self.best = delay
            self.plain_from = max(delay, 1)
        if not self.messages % ROUND:
            self.adopt(self.best)

    def learn(self, delay: int, received: int) -> None:
        """Learn from a delay that is not usual."""
        if -TOLERANCE <= delay <= LATE or (self.error is not None and 0 <= delay < -self.error):
            # Right clocks send such; or what looked like a slow clock was only late.
            self.adopt(delay)
            return
        passed = received - self._last_received
        usual_between = self.messages != self._last_message + 1
        if usual_between or passed < 0 or self._last_received == 0:
            self._steps = 0
        elif passed >= 1000:  # closer together they tell nothing
            in_step = abs(delay - self._last_delay) <= max(2000, passed // 4)
            self._steps = self._steps + 1 if in_step else 0
        else:
            self._last_message = self.messages
            return
        self._last_delay = delay
        self._last_received = received
        self._last_message = self.messages
        if self._steps >= _AGAIN:
            self.adopt(delay)


def place_in_time(reading: Reading, clock: DeviceClock) -> None:
    """Set ``reading.happened`` and ``reading.late`` (both times stay), and learn from it.

    The hot path (`gateway.pipeline.judge`) does the first three lines itself, and calls
    `place_with_thought` for what they do not settle.
    """
    clock.messages += 1
    at = reading.at
    if (
        at is not None
        and clock.plain_from <= reading.received - at < clock.plain_to
        and clock.messages % ROUND
    ):
        reading.happened = at
    else:
        place_with_thought(reading, clock)


def place_with_thought(reading: Reading, clock: DeviceClock) -> None:
    """`place_in_time` of a reading that is counted in ``clock.messages`` already."""
    at = reading.at
    received = reading.received
    if at is None:
        reading.happened = received
        return
    delay = received - at
    if clock.low <= delay < clock.high:
        reading.happened = at if clock.trusted and delay > 0 else received
        clock.usual(delay)
        return
    if not reading.retained:  # a retained message is old by nature
        clock.learn(delay, received)
    plausible = at >= EARLIEST and -TOLERANCE <= delay <= LONGEST
    if clock.trusted:
        reading.happened = at if plausible and delay > 0 else received
        reading.late = plausible and delay > LATE
    else:
        reading.happened = received
        reading.late = clock.error is not None and delay + clock.error > LATE


def made_at(reading: Reading, clock: DeviceClock) -> int | None:
    """When a message was made (ms, ours), by the device's clock; ``None`` = that cannot tell."""
    at = reading.at
    if at is None:
        return None
    if not clock.trusted and clock.error is not None:
        at -= clock.error
    return at if reading.received - LONGEST < at <= reading.received + TOLERANCE else None
