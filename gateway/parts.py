"""Parts of the gateway that no alarm waits for: a fault in one is said, and ends nobody else.

Messages are taken in, judged and committed without them. A fault in rolling up old readings, say,
must not end the gateway: that would be begun anew, come to the same readings, and end again. The
flow, its sources and the broker are no such parts: when one of them cannot go on, the process ends
and is started anew by whoever supervises it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

import structlog

from alerts.finding import Explanation, Finding, Priority
from gateway.clock import Clock

_log: Final = structlog.get_logger(__name__)

CONDITION: Final = "part_failed"
FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 60.0

STEADY_MS: Final = 10 * 60_000
"""After so long without another fault it counts as mended."""


class Parts:
    """Runs them, and remembers the last fault."""

    def __init__(self, clock: Clock) -> None:
        self._clock: Final = clock
        self._failed = 0
        self._part = ""
        self._fault = ""

    async def keep(self, name: str, begin: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        """Run what ``begin`` makes until it ends by itself or this is cancelled."""
        pause = FIRST_PAUSE_S
        while True:
            begun = self._clock.steady()
            try:
                await begin()
            except Exception as error:  # noqa: BLE001 - whatever it is, alarms go on
                _log.exception("part.failed", part=name)
                self._failed = self._clock.now()
                self._part, self._fault = name, f"{type(error).__name__}: {error}"[:200]
            else:
                return
            if self._clock.steady() - begun > LONGEST_PAUSE_S:
                pause = FIRST_PAUSE_S
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)

    def finding(self, now: int) -> Finding:
        """Whether one has failed lately. Fold it as a finding of the gateway itself."""
        active = bool(self._failed) and now - self._failed < STEADY_MS
        why = (
            Explanation("health", CONDITION, {"part": self._part, "fault": self._fault})
            if active
            else Explanation("health", "parts_run")
        )
        return Finding(
            CONDITION, active, Priority.MEDIUM, self._failed if active else now, now, why
        )
