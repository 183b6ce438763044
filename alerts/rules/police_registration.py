"""A recorder reports that it is not registered with the police's video platform.

Only what the recorder itself reports counts. That it is registered with us proves nothing about
them; a recorder that reports nothing has its link attested (`devices.recording.police_report`).
"""

from __future__ import annotations

from typing import Final

import msgspec
from pydantic import Field

from alerts.finding import Finding, Outcome
from alerts.rules.measure import tidy, truth
from alerts.rules.priorities import PriorityName, priority_of
from alerts.rules.quiet import QuietRule, one, remark_on, stopped
from alerts.rules.rule import DeviceState, Parameters
from devices.reading import Reading
from devices.recording.police_report import VALUE

CONDITION: Final = "video_unlinked"

_SAVED_EVERY: Final = 3_600_000


class PoliceRegistrationParameters(Parameters):
    """When a lost registration is an alert."""

    minutes: float = Field(default=15, ge=0, le=1440)
    """How long it must last: registrations are renewed, and lines flap."""

    priority: PriorityName = "high"
    """How urgently people must act: the police see none of its cameras."""


class PoliceRegistrationMemory(msgspec.Struct, gc=False):
    """``told``: when it reported last (ms, 0: never), and what it said is in ``lost``: since when
    it reports that it is not registered, 0 when it is. ``saved`` is what of ``told`` is stored.
    """

    told: int = 0
    saved: int = 0
    lost: int = 0
    raised: bool = False


class PoliceRegistration(QuietRule):
    """Condition ``video_unlinked`` from the value ``police_registered``."""

    __slots__ = ("_minutes", "_patience", "_priority")

    Parameters = PoliceRegistrationParameters
    Memory = PoliceRegistrationMemory
    kept = (
        ("told", int),
        ("lost", int),
        ("raised", bool),
    )
    telemetry = True

    def __init__(self, parameters: PoliceRegistrationParameters, name: str) -> None:
        super().__init__(parameters, name)
        self._minutes = parameters.minutes
        self._patience = round(parameters.minutes * 60_000)
        self._priority = priority_of(parameters.priority)

    def watches(self) -> frozenset[str]:
        """The value of that name."""
        return frozenset({VALUE})

    def start(
        self, memory: PoliceRegistrationMemory, state: DeviceState, now: int
    ) -> Outcome | None:
        """A restart in between does not begin the wait anew."""
        return Outcome(wake=memory.lost + self._patience) if memory.lost else None

    def judge(
        self, memory: PoliceRegistrationMemory, state: DeviceState, reading: Reading, now: int
    ) -> Outcome | None:
        """Wait for a lost registration to last; one that is back is over at once."""
        registered = truth(reading.values.get(VALUE))
        if registered is None or reading.happened < memory.told:
            return None
        first, memory.told = not memory.told, reading.happened
        if registered == (not memory.lost):
            # Said again: kept now and then, so that a restart knows how old the report is.
            if not first and memory.told - memory.saved < _SAVED_EVERY:
                return None
            memory.saved = memory.told
            return Outcome(save=True)
        memory.saved = memory.told
        if not registered:
            memory.lost = reading.happened
            if self._patience:
                return Outcome(wake=now + self._patience, save=True)
            return self._raise(memory, now, remark_on(reading))
        memory.lost = 0
        if not memory.raised:
            return Outcome(save=True)
        memory.raised = False
        why = self.explain("video_linked")
        return one(stopped(CONDITION, self._priority, reading.happened, now, why))

    def tick(
        self, memory: PoliceRegistrationMemory, state: DeviceState, now: int
    ) -> Outcome | None:
        """It has lasted."""
        if not memory.lost or memory.raised:
            return None
        if now < (due := memory.lost + self._patience):
            return Outcome(wake=due)
        return self._raise(memory, now, "")

    def _raise(self, memory: PoliceRegistrationMemory, now: int, remark: str) -> Outcome:
        memory.raised = True
        inputs = {"minutes": tidy((now - memory.lost) / 60_000)}
        why = self.explain(CONDITION, inputs, limit=self._minutes, unit="min")
        return one(Finding(CONDITION, True, self._priority, memory.lost, now, why, remark=remark))


def report_of(state: DeviceState) -> tuple[bool, int] | None:
    """What a recorder reported last, and when (ms); ``None``: nothing ever."""
    for rule, memory in zip(state.rules, state.memories, strict=False):
        if isinstance(rule, PoliceRegistration) and memory.told:
            return not memory.lost, memory.told
    return None
