"""When somebody is reminded that an attestation ends. Times in ms."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from audit.attestation import DAY_MS, Attestation

_SHARE = 4
"""Nobody is reminded of what has not yet run for three quarters of its time: of a drill that is due
monthly thirty days before it would be on the next day."""


class Reminder(msgspec.Struct, frozen=True):
    """One is due at ``due``, ``days`` before the end; 0 = it has ended."""

    due: int
    days: int


def reminders(attestation: Attestation, days: Iterable[int]) -> list[Reminder]:
    """All of one, in order; ``days`` as the settings have them. The last: that it has ended."""
    lasts = attestation.expires - attestation.valid_from
    before = sorted({each for each in days if 0 < each * DAY_MS * _SHARE <= lasts}, reverse=True)
    return [Reminder(attestation.expires - each * DAY_MS, each) for each in (*before, 0)]


def next_reminder(attestation: Attestation, days: Iterable[int], now: int) -> Reminder | None:
    """The next after now; ``None``: it is withdrawn, or has ended."""
    if attestation.withdrawn is not None:
        return None
    return next((one for one in reminders(attestation, days) if one.due > now), None)


def days_left(attestation: Attestation, now: int) -> int:
    """Whole days until it ends, begun ones counted; 0 when it has ended."""
    return max(0, -((now - attestation.expires) // DAY_MS)) if now < attestation.expires else 0
