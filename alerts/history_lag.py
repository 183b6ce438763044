"""Readings that do not reach the database of years: a finding about the gateway itself.

No alarm waits for that database and nothing is lost at once; but the disk here fills, and curves of
long ago have no more to show.
"""

from __future__ import annotations

from typing import Final

import msgspec

from alerts.finding import Explanation, Finding, Priority

CONDITION: Final = "history_behind"
PATIENCE: Final = 900_000
"""ms: longer than a restart of the database, short beside the days that readings wait here."""


class Lag(msgspec.Struct, frozen=True):
    """``waiting`` readings are not there yet, the first since ``oldest`` (ms); ``error`` is why, if
    that is known. ``lost`` of them were removed here before they could be handed over.
    """

    waiting: int
    oldest: int | None
    error: str = ""
    lost: int = 0


def judge_lag(lag: Lag, *, behind: bool, patience: int = PATIENCE, now: int) -> Finding:
    """Whether it is too far behind; ``behind`` = as it was found before.

    Over when it is less than half as far behind. Fold it each time it is asked.
    """
    late = 0 if lag.oldest is None or not lag.waiting else max(0, now - lag.oldest)
    active = late >= patience or (behind and 2 * late >= patience)
    code = "history_caught_up"
    if active:
        code = "history_behind_because" if lag.error else CONDITION
    inputs: dict[str, bool | int | float | str | None] = (
        {"waiting": lag.waiting, "minutes": late // 60_000, "lost": lag.lost} if active else {}
    )
    if active and lag.error:
        inputs["error"] = lag.error[:200]
    return Finding(
        condition=CONDITION,
        active=active,
        priority=Priority.MEDIUM,
        happened=now,
        known=now,
        explanation=Explanation(
            rule="health", code=code, inputs=inputs, limit=patience / 60_000, unit="min"
        ),
    )
