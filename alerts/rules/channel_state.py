"""What a recorder tells of its channels: a camera that it cannot reach, or does not know.

A recorder that is away is an alert of its own, with its cameras as victims: of them nothing is
known then, and that neither raises anything here nor ends it.
"""

from __future__ import annotations

from typing import Final

import msgspec
from pydantic import Field

from alerts.finding import Explanation, Finding, Outcome
from alerts.rules.measure import Inputs, tidy
from alerts.rules.priorities import PriorityName, priority_of
from alerts.rules.quiet import QuietRule, remark_on, stopped
from alerts.rules.rule import DeviceState, Parameters
from devices.reading import Reading
from devices.recording.channel_state import ChannelState

OFFLINE: Final = "channel_offline"
MISSING: Final = "channel_missing"

_CONDITIONS: Final = {ChannelState.OFFLINE: OFFLINE, ChannelState.MISSING: MISSING}


class ChannelStateParameters(Parameters):
    """When a channel that is not there is an alert."""

    minutes: float = Field(default=5, ge=0, le=1440)
    """How long the recorder must say so: cameras restart."""

    priority: PriorityName = "medium"
    """How urgently people must act: nothing is recorded of this camera."""


class ChannelStateMemory(msgspec.Struct, gc=False):
    """``said`` is what the recorder says that is wrong (empty: nothing), since ``since`` (ms);
    ``raised``: the condition whose alert stands.
    """

    said: str = ""
    since: int = 0
    raised: str = ""


class ChannelStateRule(QuietRule):
    """Conditions ``channel_offline`` and ``channel_missing`` from the value ``channel_state``; at
    most one of them at a time.
    """

    __slots__ = ("_minutes", "_patience", "_priority")

    Parameters = ChannelStateParameters
    Memory = ChannelStateMemory
    kept = (
        ("said", str),
        ("since", int),
        ("raised", str),
    )
    telemetry = True

    def __init__(self, parameters: ChannelStateParameters, name: str) -> None:
        super().__init__(parameters, name)
        self._minutes = parameters.minutes
        self._patience = round(parameters.minutes * 60_000)
        self._priority = priority_of(parameters.priority)

    def watches(self) -> frozenset[str]:
        """The value of that name."""
        return frozenset({"channel_state"})

    def start(self, memory: ChannelStateMemory, state: DeviceState, now: int) -> Outcome | None:
        """A restart in between does not begin the wait anew."""
        return Outcome(wake=memory.since + self._patience) if memory.said else None

    def judge(
        self, memory: ChannelStateMemory, state: DeviceState, reading: Reading, now: int
    ) -> Outcome | None:
        """Wait for what is wrong to last; what is right again is over at once."""
        told = reading.values.get("channel_state")
        if told == ChannelState.ONLINE:
            return self._well(memory, reading, now)
        said = told if isinstance(told, str) and told in set(_CONDITIONS) else ""
        if told is None or said == memory.said:
            return None
        memory.said, memory.since = said, reading.happened
        if not said:
            return Outcome(save=True)  # not known: nothing begins, nothing ends
        if self._patience:
            return Outcome(wake=now + self._patience, save=True)
        return self._raise(memory, now, remark_on(reading))

    def tick(self, memory: ChannelStateMemory, state: DeviceState, now: int) -> Outcome | None:
        """It has lasted."""
        if not memory.said or _CONDITIONS[ChannelState(memory.said)] == memory.raised:
            return None
        if now < (due := memory.since + self._patience):
            return Outcome(wake=due)
        return self._raise(memory, now, "")

    def _raise(self, memory: ChannelStateMemory, now: int, remark: str) -> Outcome | None:
        condition = _CONDITIONS[ChannelState(memory.said)]
        if condition == memory.raised:
            return None
        findings = []
        if memory.raised:
            findings.append(self._over(memory.raised, memory.since, now, "channel_otherwise"))
        memory.raised = condition
        inputs: Inputs = {"minutes": tidy((now - memory.since) / 60_000)}
        why: Explanation = self.explain(condition, inputs, limit=self._minutes, unit="min")
        findings.append(
            Finding(condition, True, self._priority, memory.since, now, why, remark=remark)
        )
        return Outcome(tuple(findings), save=True)

    def _well(self, memory: ChannelStateMemory, reading: Reading, now: int) -> Outcome | None:
        if not memory.said and not memory.raised:
            return None
        over = memory.raised
        memory.said, memory.since, memory.raised = "", 0, ""
        if not over:
            return Outcome(save=True)
        return Outcome((self._over(over, reading.happened, now, "channel_back"),), save=True)

    def _over(self, condition: str, happened: int, now: int, code: str) -> Finding:
        return stopped(condition, self._priority, happened, now, self.explain(code))
