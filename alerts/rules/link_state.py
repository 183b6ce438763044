"""A police link tells its state: down, degraded or unverified is an alert, and so is a wrong clock.

The state is judged by whoever supervises the link (`devices.police_link.supervision`) or, of a
vendor's alarm host, by that host.
"""

from __future__ import annotations

from typing import Final

import msgspec
from pydantic import Field

from alerts.finding import Finding, Outcome, Priority
from alerts.rules.measure import number
from alerts.rules.quiet import QuietRule, stopped
from alerts.rules.rule import DeviceState, Parameters
from devices.police_link.states import Cause
from devices.reading import Reading

DOWN: Final = "police_link_down"
DEGRADED: Final = "police_link_degraded"
UNVERIFIED: Final = "police_link_unverified"
CLOCK: Final = "police_link_clock"

_CAUSES: Final = frozenset(Cause)
_CONDITIONS: Final = {
    "down": (DOWN, Priority.HIGH),
    "degraded": (DEGRADED, Priority.MEDIUM),
    "unverified": (UNVERIFIED, Priority.LOW),
}


class LinkStateParameters(Parameters):
    """How long, how far."""

    unverified_after_s: float = Field(default=600, ge=0, le=604_800)
    """A link that is unverified is an alert after so many seconds: a new one is tested first."""

    clock_s: float = Field(default=20, gt=0, le=86_400)
    """A receiver's clock that differs from ours by more than so many seconds is an alert:
    receivers refuse messages beyond that."""


class LinkStateMemory(msgspec.Struct, gc=False):
    """``state`` as last told and since when (ms). ``told``: the condition that stands."""

    state: str = ""
    since: int = 0
    told: str = ""
    clock: bool = False


class LinkStateRule(QuietRule):
    """Conditions ``police_link_down`` (high), ``police_link_degraded`` (medium),
    ``police_link_unverified`` (low) from the value ``state``, with ``cause`` for the reason, and
    ``police_link_clock`` (medium) from ``clock_offset_ms``.
    """

    __slots__ = ("_clock_ms", "unverified_after")

    Parameters = LinkStateParameters
    Memory = LinkStateMemory
    kept = (
        ("state", str),
        ("since", int),
        ("told", str),
        ("clock", bool),
    )
    telemetry = True

    def __init__(self, parameters: LinkStateParameters, name: str) -> None:
        super().__init__(parameters, name)
        self.unverified_after: Final = int(parameters.unverified_after_s * 1000)
        """ms that a link may be unverified before that is an alert."""
        self._clock_ms = parameters.clock_s * 1000

    def watches(self) -> frozenset[str]:
        """The state, and what goes with it."""
        return frozenset({"state", "clock_offset_ms"})

    def start(self, memory: LinkStateMemory, state: DeviceState, now: int) -> Outcome | None:
        """What was unverified goes on being so."""
        return self._due(memory, now) if memory.state == "unverified" and not memory.told else None

    def judge(
        self, memory: LinkStateMemory, state: DeviceState, reading: Reading, now: int
    ) -> Outcome | None:
        """Follow the state."""
        findings: list[Finding] = []
        wake = None
        told = reading.values.get("state")
        if isinstance(told, str) and told != memory.state:
            memory.state, memory.since = told, now
            findings += self._over(memory, told, reading, now)
            wake = self._begun(memory, told, reading, now, findings)
        if "clock_offset_ms" in reading.values:
            self._judge_clock(memory, reading, now, findings)
        if not findings and wake is None:
            return None
        return Outcome(findings=tuple(findings), wake=wake, save=True)

    def tick(self, memory: LinkStateMemory, state: DeviceState, now: int) -> Outcome | None:
        """Unverified for long enough."""
        if memory.state != "unverified" or memory.told:
            return None
        if now < memory.since + self.unverified_after:
            return self._due(memory, now)
        memory.told = UNVERIFIED
        why = self.explain(UNVERIFIED, {"cause": _cause(state.values.get("cause"))})
        found = Finding(UNVERIFIED, True, Priority.LOW, memory.since, now, why)
        return Outcome(findings=(found,), save=True)

    def _due(self, memory: LinkStateMemory, now: int) -> Outcome:
        return Outcome(wake=max(now, memory.since + self.unverified_after), save=True)

    def _over(
        self, memory: LinkStateMemory, told: str, reading: Reading, now: int
    ) -> list[Finding]:
        """What stood before does no longer."""
        before, memory.told = memory.told, ""
        if not before:
            return []
        why = self.explain(f"police_link_now_{told}" if told in _CONDITIONS else "police_link_up")
        priority = next((one[1] for one in _CONDITIONS.values() if one[0] == before), Priority.LOW)
        return [stopped(before, priority, reading.happened, now, why)]

    def _begun(
        self,
        memory: LinkStateMemory,
        told: str,
        reading: Reading,
        now: int,
        findings: list[Finding],
    ) -> int | None:
        if told not in _CONDITIONS:
            return None
        if told == "unverified" and self.unverified_after:
            return now + self.unverified_after
        condition, priority = _CONDITIONS[told]
        memory.told = condition
        why = self.explain(condition, {"cause": _cause(reading.values.get("cause"))})
        findings.append(Finding(condition, True, priority, reading.happened, now, why))
        return None

    def _judge_clock(
        self, memory: LinkStateMemory, reading: Reading, now: int, findings: list[Finding]
    ) -> None:
        offset = number(reading.values.get("clock_offset_ms"))
        wrong = offset is not None and abs(offset) > self._clock_ms
        if wrong is memory.clock:
            return
        memory.clock = wrong
        if wrong and offset is not None:
            why = self.explain(
                CLOCK,
                {"offset_s": round(offset / 1000, 1)},
                limit=self._clock_ms / 1000,
                unit="s",
                metric="clock_offset_ms",
            )
            findings.append(Finding(CLOCK, True, Priority.MEDIUM, reading.happened, now, why))
        else:
            why = self.explain("police_link_clock_right")
            findings.append(stopped(CLOCK, Priority.MEDIUM, reading.happened, now, why))


def _cause(told: object) -> str:
    """The cause told, if it is one that there are words for."""
    return told if isinstance(told, str) and told in _CAUSES else "untold"
