"""Many messages of one device are not understood: it, or who set it up, needs a technician."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from pydantic import Field

from alerts.finding import Finding, Outcome, Priority
from alerts.rules.quiet import QuietRule, one, stopped
from alerts.rules.rule import DeviceState, Parameters

CONDITION: Final = "rejected"
MINUTE: Final = 60_000


class RejectedParameters(Parameters):
    """How many within how long."""

    most: int = Field(default=10, ge=1, le=1_000_000)
    """Raised when more than this were rejected."""

    within_s: int = Field(default=600, ge=60, le=86_400)
    """The time within which they are counted."""


class RejectedMemory(msgspec.Struct, gc=False):
    """``counts`` of rejects by minute: (minute since 1970, count), oldest first."""

    counts: Sequence[tuple[int, int]] = ()
    raised: bool = False


class Rejected(QuietRule):
    """Condition ``rejected``. It judges no readings: the pipeline reports rejects to `count`."""

    __slots__ = ("_most", "_within")

    Parameters = RejectedParameters
    Memory = RejectedMemory
    kept = (("raised", bool),)

    def __init__(self, parameters: RejectedParameters, name: str) -> None:
        super().__init__(parameters, name)
        self._most = parameters.most
        self._within = parameters.within_s * 1000

    def start(self, memory: RejectedMemory, state: DeviceState, now: int) -> Outcome | None:
        """What was raised ends in its time."""
        return Outcome(wake=now + self._within) if memory.raised else None

    def count(self, memory: RejectedMemory, reason: str, now: int) -> Outcome | None:
        """One message of the device was rejected for ``reason`` (`RejectReason`)."""
        memory.counts = counts = counted(memory.counts, now, self._within)
        if memory.raised:
            return None
        total = sum(count for _, count in counts)
        if total <= self._most:
            return None
        memory.raised = True
        why = self.explain(
            "rejected",
            {"count": total, "minutes": self._within // MINUTE, "reason": reason},
            limit=self._most,
        )
        finding = Finding(CONDITION, True, Priority.LOW, now, now, why)
        return one(finding, wake=now + self._within)

    def tick(self, memory: RejectedMemory, state: DeviceState, now: int) -> Outcome | None:
        """Gone when there was none for as long as they are counted."""
        if not memory.raised:
            return None
        last = memory.counts[-1][0] * MINUTE if memory.counts else 0
        if now < last + MINUTE + self._within:
            return Outcome(wake=last + MINUTE + self._within)
        memory.raised = False
        memory.counts = ()
        why = self.explain("rejects_over", {"minutes": self._within // MINUTE})
        return one(stopped(CONDITION, Priority.LOW, now, now, why))


def counted(counts: Sequence[tuple[int, int]], now: int, within: int) -> list[tuple[int, int]]:
    """Counts by minute after one more at ``now`` (ms), without those older than ``within`` (ms)."""
    minute = now // MINUTE
    oldest = (now - within) // MINUTE
    kept = [(when, count) for when, count in counts if oldest < when <= minute]
    if kept and kept[-1][0] == minute:
        kept[-1] = (minute, kept[-1][1] + 1)
    else:
        kept.append((minute, 1))
    return kept
