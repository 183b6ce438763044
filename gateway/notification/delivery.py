"""What can come of a delivery, and what is done about each: the decisions of the outbox.

Two failures are told apart, because they ask for opposite things:

*Retry*: the receiver is not there (connection, time limit) or is overloaded (408, 425, 429, 502,
503, 504). The next message would fare no better, so everything waits, in order, and is tried again
from 1 s up to every 5 minutes for as long as it takes. A new emergency cuts the wait short.

*Refused*: the receiver answered, and not with yes (any other 4xx, 500, a redirect). The fault may
lie in this one message, so it blocks those behind it for `PATIENCE` tries only (about 7 s), then
steps aside: the next ones are delivered, and it is tried again on its own. After a day it is given
up, visibly - never an emergency. A receiver that has refused `STREAK` messages in a row is not
waited for again with each: one try, and the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Final, Protocol, TypeAlias, runtime_checkable

import msgspec

from alerts.notification.audience import is_emergency
from gateway.store.batch import OutboxEntry

PATIENCE: Final = 4
STREAK: Final = 3
DAY: Final = 86_400_000


class Delivered(msgspec.Struct, frozen=True):
    """The receiver has it."""


class Retry(msgspec.Struct, frozen=True):
    """The receiver is not there. ``after``: seconds it asked us to wait."""

    reason: str
    after: float | None = None


class Refused(msgspec.Struct, frozen=True):
    """The receiver does not take this message."""

    reason: str


Outcome: TypeAlias = Delivered | Retry | Refused


class Receiver(Protocol):
    """Takes messages, one at a time. Owned and closed by the outbox."""

    @property
    def time_limit(self) -> float:
        """Seconds a delivery may take in all."""
        ...

    async def deliver(self, entry: OutboxEntry) -> Outcome:
        """Hand it over. Called again with the same entry until it says `Delivered`."""
        ...

    async def aclose(self) -> None:
        """Let go of connections."""
        ...


@runtime_checkable
class Digesting(Receiver, Protocol):
    """A receiver that people read, and that can be told of several events in one message."""

    @property
    def digest_over(self) -> int:
        """More messages than this within a few minutes go together; 0 = never."""
        ...

    async def deliver_together(self, entries: Sequence[OutboxEntry]) -> Outcome:
        """Hand these over as one message, the oldest first."""
        ...


@runtime_checkable
class Retaining(Receiver, Protocol):
    """A receiver that shows how things stand: told the same again after a crash, it shows no
    difference. So its messages are marked many at a time."""

    @property
    def retains(self) -> bool:
        """True."""
        ...


class Backoff(msgspec.Struct, frozen=True):
    """How long to wait after a failure, in seconds: doubled each time.

    ``aside`` is the least between two tries of messages that stepped aside: a receiver that refuses
    everything is not flooded with what it refuses.
    """

    first: float = 1.0
    longest: float = 300.0
    aside: float = 1.0

    def wait(self, failures: int, chance: float, asked: float | None = None) -> int:
        """Milliseconds to wait after ``failures`` (≥ 1) failures in a row.

        ``chance`` in [0, 1) spreads gateways that failed together: between three quarters of the
        wait and all of it. ``asked`` (seconds, what the receiver wants) counts up to the longest.
        """
        # The exponent is bounded before the power: 2.0 ** 1100 is an error, not a long wait.
        wait = min(self.longest, self.first * 2.0 ** min(failures - 1, 30))
        wait *= 0.75 + 0.25 * chance
        if asked is not None:
            wait = max(wait, min(asked, self.longest))
        return round(wait * 1000)


class Fate(Enum):
    """What becomes of a message that was refused."""

    AGAIN = "again"  # it keeps its place, and those behind it wait
    ASIDE = "aside"  # it is tried again by itself
    GIVEN_UP = "given up"


def fate(key: str, created: int, refusals: int, streak: int, now: int) -> Fate:
    """What becomes of the message after ``refusals`` (≥ 1); ``streak`` went aside before it."""
    if refusals < (PATIENCE if streak < STREAK else 1):
        return Fate.AGAIN
    if is_emergency(key) or now - created < DAY:
        return Fate.ASIDE
    return Fate.GIVEN_UP
