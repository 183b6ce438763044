"""The faults that a camera's probe names, each an alert of its own with the probe's explanation.

That a fault persists, and that it is measured to be over, is the probe's to judge
(`devices.camera.watch`). What people do to cameras stays an alert until somebody has looked.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec
from pydantic import Field

from alerts.finding import Explanation, Finding, Outcome, Priority
from alerts.rules.measure import Inputs
from alerts.rules.priorities import PriorityName, priority_of
from alerts.rules.quiet import QuietRule, remark_on, stopped
from alerts.rules.rule import DeviceState, Parameters
from devices.camera.suspicion import Fault
from devices.reading import Reading

TAMPERING: Final = frozenset(
    {Fault.BLACK, Fault.WHITE, Fault.BLURRED, Fault.COVERED, Fault.MOVED, Fault.FROZEN}
)
"""What may have been done on purpose: a cloth, a spray can, a broom, a recording fed in."""

SENTENCES: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        code: frozenset(inputs.split())
        for code, inputs in {
            "black_dead": "brightness",
            "black_unusual": "percent brightness",
            "blurred": "percent",
            "colour_cast": "red_percent blue_percent",
            "covered_partly": "percent edges_percent",
            "covered_wholly": "percent edges_percent",
            "frozen": "change usual",
            "low_bitrate": "bitrate_kbps declared",
            "low_fps": "fps declared",
            "low_resolution": "size declared",
            "moved_elsewhere": "percent",
            "moved_nearer": "percent",
            "moved_shift": "right_percent down_percent",
            "moved_turned": "degrees",
            "no_frames": "",
            "no_stream": "",
            "noise": "noise usual",
            "offline": "",
            "refused": "",
            "stripes_columns": "levels usual",
            "stripes_rows": "levels usual",
            "unreadable": "",
            "white": "percent usual_percent brightness",
        }.items()
    }
)
"""The reasons that there are sentences for (``camera.why.…``), with what fills them."""

_URGENT: Final = frozenset({Fault.BLACK, Fault.WHITE, Fault.COVERED, Fault.MOVED})
_MINOR: Final = frozenset({Fault.LOW_FPS, Fault.LOW_BITRATE, Fault.COLOUR_CAST})
_LONGEST_INPUT: Final = 40


class CameraFaultsParameters(Parameters):
    """How urgent the faults are, and which are no alerts here."""

    tampering_priority: PriorityName = "high"
    """Black, white-out, covered, moved: the camera shows nothing of its place any more."""

    priority: PriorityName = "medium"
    """Other faults."""

    minor_priority: PriorityName = "low"
    """Frame rate, bit rate, colours: the camera still shows its place."""

    ignored: tuple[Fault, ...] = Field(default=())
    """Faults that raise no alert."""


class CameraFaultsMemory(msgspec.Struct, gc=False):
    """``standing``: the faults whose alerts are raised; ``since`` (ms): of the last reading."""

    standing: list[str] = []
    since: int = 0


class CameraFaults(QuietRule):
    """Conditions ``camera_{fault}`` from the value ``faults``, with ``why`` for their reasons."""

    __slots__ = ("_ignored", "_priorities")

    Parameters = CameraFaultsParameters
    Memory = CameraFaultsMemory
    kept = (
        ("standing", list[str]),
        ("since", int),
    )
    telemetry = True

    def __init__(self, parameters: CameraFaultsParameters, name: str) -> None:
        super().__init__(parameters, name)
        self._ignored = frozenset(parameters.ignored)
        urgent, usual, minor = (
            priority_of(each)
            for each in (
                parameters.tampering_priority,
                parameters.priority,
                parameters.minor_priority,
            )
        )
        self._priorities: dict[Fault, Priority] = {
            fault: urgent if fault in _URGENT else minor if fault in _MINOR else usual
            for fault in Fault
        }

    def watches(self) -> frozenset[str]:
        """The list of faults."""
        return frozenset({"faults"})

    def judge(
        self, memory: CameraFaultsMemory, state: DeviceState, reading: Reading, now: int
    ) -> Outcome | None:
        """Raise what is named anew; what is named no longer is over."""
        told = reading.values.get("faults")
        if not isinstance(told, list) or reading.happened < memory.since:
            return None
        memory.since = reading.happened
        named = {word for word in told if isinstance(word, str)}
        faults = [each for each in Fault if each.value in named and each not in self._ignored]
        standing = [each.value for each in faults]
        if standing == memory.standing:
            return None
        findings = [
            self._raised(fault, reading, now)
            for fault in faults
            if fault.value not in memory.standing
        ]
        findings += [
            self._over(Fault(word), reading, now)
            for word in memory.standing
            if word not in standing
        ]
        memory.standing = standing
        return Outcome(tuple(findings), save=True)

    def load(self, data: Any) -> CameraFaultsMemory:
        """A memory from what `dump` gave, without faults that there are no more."""
        memory: CameraFaultsMemory = super().load(data)
        memory.standing = [word for word in memory.standing if word in set(Fault)]
        return memory

    def _raised(self, fault: Fault, reading: Reading, now: int) -> Finding:
        return Finding(
            _condition(fault),
            True,
            self._priorities[fault],
            reading.happened,
            now,
            self._why(fault, reading),
            latches=fault in TAMPERING,
            remark=remark_on(reading),
        )

    def _over(self, fault: Fault, reading: Reading, now: int) -> Finding:
        why = self.explain("camera_fault_over")
        return stopped(_condition(fault), self._priorities[fault], reading.happened, now, why)

    def _why(self, fault: Fault, reading: Reading) -> Explanation:
        return self.explain(*reason_of(fault, reading.values))


def reason_of(fault: Fault, values: Mapping[str, Any]) -> tuple[str, Inputs]:
    """The code and the inputs of the sentence that gives the probe's own reason, when it is one
    that there is a sentence for; ``values`` are those of its reading.
    """
    reasons = values.get("why")
    reason = reasons.get(fault.value) if isinstance(reasons, dict) else None
    if isinstance(reason, dict):
        code = reason.get("code")
        needed = SENTENCES.get(code) if isinstance(code, str) else None
        inputs = _inputs(reason)
        if needed is not None and needed <= inputs.keys():
            return f"camera.why.{code}", {name: inputs[name] for name in needed}
    return "camera_fault_told", {}


def _condition(fault: Fault) -> str:
    return f"camera_{fault.value}"


def _inputs(reason: Mapping[Any, Any]) -> Inputs:
    """What of a reason may stand in a sentence: numbers, and short words."""
    return {
        str(name): value
        for name, value in reason.items()
        if (isinstance(value, (int, float)) and not isinstance(value, bool))
        or (isinstance(value, str) and len(value) <= _LONGEST_INPUT)
    }
