"""Whether the gateway was there to see: its signs of life, and what follows when they stop.

While a gateway is off no fact comes, and what it measured last proves nothing any more. So it
writes a fact every hour that it runs; once the newest is older than the time to repair, all that it
measures is unknown, and says why. What people signed stands, and so does what was shown to be
wrong.

Of a record that begins before there were such facts nobody knows better than that it ran.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from audit.coverage.clockwork import HOUR_MS
from audit.policy import Policy

LIFE: Final = "life"
"""The kind of these facts: the gateway has run for a while, and runs."""

LIFE_SUBJECT: Final = "gateway:life"

EVERY_MS: Final = HOUR_MS
"""How often it writes one."""

LEAST_MS: Final = 3 * EVERY_MS
"""So much later than the last one is nobody called silent, however short a time to repair a policy
gives: one that is written late must not make a county unknown."""


class Life(msgspec.Struct, frozen=True):
    """The newest sign of life: when it was known (ms), ``None`` = there was none yet; the row of
    the fact."""

    at: int | None = None
    row: int = 0

    def after(self, at: int, row: int) -> Life:
        """With one that was known at ``at``: the latest ``known`` of all facts up to it."""
        return Life(at if self.at is None else max(at, self.at), row)

    def silent_from(self, policy: Policy) -> int | None:
        """The instant (ms) from which a policy no longer takes for measured what was; ``None``:
        never."""
        if self.at is None:
            return None
        return self.at + max(policy.figures.repair_hours.value * HOUR_MS, LEAST_MS)

    def silences(self, policies: Iterable[Policy]) -> list[int]:
        """Those instants of policies."""
        found = (self.silent_from(policy) for policy in policies)
        return [at for at in found if at is not None]


UNTOLD: Final = Life()
"""No fact says anything of it."""
