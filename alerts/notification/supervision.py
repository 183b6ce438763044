"""When those who must be told are not reached, that is a finding of its own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from alerts.finding import Explanation, Finding, Priority

CONDITION: Final = "delivery_failing"
PATIENCE: Final = 300_000
"""Ms: long enough for a receiver to restart, short beside the 30 minutes of a first report."""


class Backlog(msgspec.Struct, frozen=True):
    """What waits for one receiver; ``oldest`` (ms) is when the oldest of it was written."""

    receiver: str
    waiting: int
    oldest: int | None
    error: str = ""


def judge_delivery(backlogs: Iterable[Backlog], *, now: int, patience: int = PATIENCE) -> Finding:
    """Whether something has been waiting for longer than ``patience`` (ms) for any receiver.

    Fold it each time it is asked: a finding that says nothing new changes nothing.
    """
    failing = [one for one in backlogs if one.oldest is not None and now - one.oldest >= patience]
    failing.sort(key=lambda one: one.oldest or 0)
    worst = failing[0] if failing else None
    return Finding(
        condition=CONDITION,
        active=worst is not None,
        priority=Priority.HIGH,
        happened=now,
        known=now,
        explanation=Explanation(
            rule="delivery",
            code=CONDITION if worst else "delivery_restored",
            inputs={
                "receivers": ", ".join(one.receiver for one in failing),
                "waiting": sum(one.waiting for one in failing),
                "minutes": (now - (worst.oldest or now)) // 60_000,
                "error": worst.error,
            }
            if worst
            else {},
            limit=patience / 60_000,
            unit="min",
            source="gateway",
        ),
    )
