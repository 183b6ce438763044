"""What is wrong with recorders, as findings made of looks at them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias

import msgspec

from alerts.finding import Explanation, Finding, Priority
from alerts.rules.measure import tidy
from alerts.rules.quiet import stopped
from devices.recording.source import Trouble

_Inputs: TypeAlias = "dict[str, bool | int | float | str | None]"

RULE: Final = "recordings"

OFFLINE: Final = "recorder_offline"
REFUSED: Final = "recorder_refused"
UNREADABLE: Final = "recorder_unreadable"
CLOCK: Final = "recorder_clock"
AWAY: Final = frozenset({OFFLINE, REFUSED, UNREADABLE})
"""While one of them stands, nobody knows how the recordings of its cameras are."""

OF_RECORDERS: Final = AWAY | {CLOCK}

_CONDITION_OF: Final = {
    Trouble.UNREACHABLE: OFFLINE,
    Trouble.TIMED_OUT: OFFLINE,
    Trouble.REFUSED: REFUSED,
    Trouble.UNREADABLE: UNREADABLE,
    Trouble.INCOMPLETE: UNREADABLE,
    Trouble.UNSUPPORTED: UNREADABLE,
}


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """How a recorder is, as of the last look ``at`` (ms UTC).

    ``failing``: since when every look failed, ``None`` when the last did not; ``trouble`` and
    ``detail`` of the last. ``drift`` in ms, positive when its clock is fast; ``None``: not told.
    """

    at: int
    failing: int | None = None
    trouble: Trouble | None = None
    detail: str = ""
    drift: int | None = None

    def answered(self, at: int, drift: int | None) -> Look:
        """It answered now."""
        return Look(at=at, drift=drift)

    def failed(self, at: int, trouble: Trouble, detail: str) -> Look:
        """It did not, or not as it should."""
        since = at if self.failing is None else self.failing
        return Look(at=at, failing=since, trouble=trouble, detail=detail, drift=self.drift)


def recorder_findings(
    look: Look, cameras: int, *, offline_after_ms: int, clock_ms: int, now: int
) -> Iterator[Finding]:
    """What a look shows. One alert at most says that it is away, whatever the reason is now."""
    away = None
    if look.failing is not None and look.trouble is not None:
        if now - look.failing < offline_after_ms:
            return  # neither away yet nor back
        away = _CONDITION_OF[look.trouble]
        inputs: _Inputs = {
            "cameras": cameras,
            "minutes": tidy((now - look.failing) / 60_000),
            "detail": look.detail[:200],
        }
        why = Explanation(RULE, away, inputs, source="recordings.offline_minutes")
        yield Finding(away, True, Priority.HIGH, look.failing, now, why)
    for condition in sorted(AWAY - {away}):
        why = Explanation(RULE, "recorder_back" if away is None else "recorder_otherwise")
        yield stopped(condition, Priority.HIGH, now, now, why)
    if away is not None or look.drift is None:
        return
    if abs(look.drift) > clock_ms:
        seconds = tidy(look.drift / 1000)
        why = Explanation(
            RULE, CLOCK, {"offset_s": seconds}, clock_ms / 1000, "s", "recordings.clock_s"
        )
        yield Finding(CLOCK, True, Priority.MEDIUM, now, now, why)
    else:
        yield stopped(CLOCK, Priority.MEDIUM, now, now, Explanation(RULE, "recorder_clock_right"))
