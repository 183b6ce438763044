"""Whether devices are heard as they speak: who is not listened to is not silent.

Not while the broker is out of reach or the disk is full, and then everybody gets time anew. Nor
while this gateway is late itself: it was stopped, its machine slept or had no time for it, its
clock was set ahead, or messages wait because the store is slow. What was said meanwhile is in a
queue; once that is taken, silence is judged as before.
"""

from __future__ import annotations

from typing import Final

import structlog

from alerts.rules.rule import Hearing

_log: Final = structlog.get_logger(__name__)

LATE_MS: Final = 3_000
"""So much later than it is said, what devices say is not heard as they speak. Whoever asks asks
once a second, and no limit of a silence is so short that less would matter."""

CATCH_UP_MS: Final = 10_000
"""Time to take what waited. If that takes longer, messages are late still."""

LONG_MS: Final = 30_000
"""After so long devices may have lost their connections, too, and get time to come back."""


class Listening:
    """Sets ``hearing``. Looked at about once a second, before silence is judged."""

    def __init__(self, hearing: Hearing) -> None:
        self._hearing: Final = hearing
        self._connection: int | None = None
        self._looked: int | None = None
        self._late: int | None = None
        self._judged_from = 0
        self._anew = True

    @property
    def late_since(self) -> int | None:
        """Since when (ms) this gateway has been late, though connected; ``None`` = it is not."""
        return None if self._connection is None else self._late

    def look(self, now: int, *, connection: int | None, waiting_s: float) -> None:
        """``now`` in ms. ``connection``: since when (ms) whatever devices say comes here; ``None``
        = it does not. ``waiting_s``: for how long messages have waited to be taken.
        """
        hearing = self._hearing
        if connection is None or connection != self._connection:
            self._anew = True  # perhaps lost and back between two looks
        self._connection = connection
        since = self._late_since(now, waiting_s)
        if since is not None:
            if self._late is None:
                self._late = since
                _log.warning("listening.late", by_ms=now - since, waiting_s=round(waiting_s, 1))
            self._judged_from = now + CATCH_UP_MS
        caught_up = not now < self._judged_from <= now + CATCH_UP_MS  # our clock may be set back
        connected = connection is not None and caught_up
        if connected:
            long = self._late is not None and now - self._late >= LONG_MS
            if self._anew or long or hearing.since > now:
                hearing.since = now
            self._anew, self._late = False, None
        hearing.connected = connected

    def _late_since(self, now: int, waiting_s: float) -> int | None:
        """Since when (ms) nobody is heard in time; ``None`` = everybody is."""
        looked, self._looked = self._looked, now
        since = min(now - round(waiting_s * 1000), now if looked is None else looked)
        return since if now - since > LATE_MS else None
