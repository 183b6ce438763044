"""What goes wrong between a device and us, counted: lost, begun anew, reconnected, rejected.

Sequence numbers count up by one a message. What they skip was lost, unless it comes late; when they
go back, the device has begun anew, unless the message was only late or was said twice. Which of
the two it was, its time tells; without one, how far they went back.
"""

from __future__ import annotations

from typing import Final

import msgspec

WRAP: Final = 2**32
"""Where ``seq`` begins again (docs/messages.md)."""

MOST_LOST: Final = 10_000
"""A larger jump ahead says nothing: the device began anew elsewhere, or was away for long."""

NEAR: Final = 64
"""So far back may a message without a believable time be and still be taken for a late one."""

REJECTS_REST_MS: Final = 86_400_000
"""After a day without one, rejects are counted anew."""

DETAIL_CHARACTERS: Final = 160


class Hitches(msgspec.Struct, gc=False):
    """Totals since the gateway's start, and what tells them apart. Most devices have none.

    ``gap_first`` up to ``gap_until`` is the newest gap of ``seq``, of which ``gap_left`` are still
    missing; ``left`` is the count that was given up when the device last began anew; ``newest``
    (ms) the latest time among messages, once one came late. ``rejects`` are the counts by reason
    (`RejectReason`) between ``rejects_since`` and ``rejected``, the newest with ``detail``.
    ``recorded`` is how much of the first three is in the device's days already.
    """

    lost: int = 0
    reboots: int = 0
    reconnects: int = 0
    gap_first: int = 0
    gap_until: int = 0
    gap_left: int = 0
    left: int | None = None
    newest: int = 0
    rejects: dict[str, int] = {}
    rejects_since: int = 0
    rejected: int = 0
    reason: str = ""
    detail: str = ""
    recorded: tuple[int, int, int] = (0, 0, 0)

    @property
    def totals(self) -> tuple[int, int, int]:
        """Lost, reconnects, reboots."""
        return (self.lost, self.reconnects, self.reboots)

    def step(self, due: int, seq: int, *, later: bool | None) -> int:
        """Take ``seq`` in where ``due`` was expected; returns what is due next.

        ``later``: whether the message was made after all before it, ``None`` = nobody knows.
        """
        if self.left is not None and (seq - self.left) % WRAP <= NEAR:
            # Back where it was: it counts twice, say events and telemetry apart.
            self.reboots -= 1
            self.left = None
            return seq + 1
        missed = (seq - due) % WRAP
        if missed <= MOST_LOST:
            if missed:
                self.lost += missed
                self.gap_first, self.gap_until, self.gap_left = due, seq, missed
            return seq + 1
        if missed < WRAP // 2:
            return seq + 1
        behind = WRAP - missed
        if behind == 1:
            return due  # said twice
        if later is False or (later is None and behind <= NEAR and seq > 1):
            if self.gap_left and self.gap_first <= seq < self.gap_until:
                self.gap_left -= 1
                self.lost -= 1
            return due
        self.reboots += 1
        self.left = due
        return seq + 1

    def reject(self, reason: str, detail: str, now: int) -> None:
        """One of its messages was not understood."""
        if not (self.rejects and self.rejected <= now < self.rejected + REJECTS_REST_MS):
            self.rejects = {}
            self.rejects_since = now
        self.rejects[reason] = self.rejects.get(reason, 0) + 1
        self.rejected = now
        self.reason = reason
        self.detail = detail[:DETAIL_CHARACTERS]
