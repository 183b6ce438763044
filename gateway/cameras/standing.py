"""How a camera's picture is, by the last that its probe said of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, Final

import msgspec

from alerts.finding import Explanation
from alerts.rules.camera_faults import reason_of
from devices.camera.suspicion import Fault, Undecidable
from gateway.desk import DeviceConnection


class State(StrEnum):
    """How its picture is. Who is not heard of is unknown, never good and never in trouble."""

    TROUBLE = "trouble"
    OFFLINE = "offline"
    CANNOT_JUDGE = "cannot_judge"
    UNKNOWN = "unknown"
    GOOD = "good"


RANK: Final = {state: rank for rank, state in enumerate(State)}
"""What people should look at comes first."""

RULE: Final = "camera_faults"
_SENTENCE: Final = "camera.why."
_FAULTS: Final = frozenset(Fault)
_REASONS: Final = frozenset(Undecidable)


class FaultSeen(msgspec.Struct, frozen=True):
    """A fault that its probe names: since when (ms), how sure it is, and why."""

    fault: Fault
    since: int | None
    confidence: float | None
    why: Explanation
    code: str | None


class Standing(msgspec.Struct, frozen=True):
    """How a camera is now. ``seen`` is when it was last heard of (ms)."""

    state: State
    seen: int | None = None
    faults: tuple[FaultSeen, ...] = ()
    undecidable: Undecidable | None = None
    values: Mapping[str, Any] = {}


def standing_of(connection: DeviceConnection | None, *, probe_silent: bool, now: int) -> Standing:
    """How a camera is. ``probe_silent``: nobody looks at it now, whatever was last said of it."""
    if connection is None or connection.heard is None:
        return Standing(State.UNKNOWN)
    seen, values = connection.heard, connection.values
    if probe_silent:
        return Standing(State.UNKNOWN, seen, values=values)
    if connection.online is False:
        return Standing(State.OFFLINE, seen, values=values)
    told = values.get("faults")
    if not isinstance(told, list) or now - seen > connection.limit:
        return Standing(State.UNKNOWN, seen, values=values)
    faults = tuple(_faults(told, values))
    word = values.get("undecidable")
    undecidable = Undecidable(word) if isinstance(word, str) and word in _REASONS else None
    state = State.GOOD if undecidable is None else State.CANNOT_JUDGE
    if faults:
        state = State.TROUBLE
    return Standing(state, seen, faults, undecidable, values)


def _faults(told: list[Any], values: Mapping[str, Any]) -> Iterator[FaultSeen]:
    whys = values.get("why")
    for word in told:
        if not isinstance(word, str) or word not in _FAULTS:
            continue
        fault = Fault(word)
        why = whys.get(word) if isinstance(whys, dict) else None
        details = why if isinstance(why, dict) else {}
        since, confidence = details.get("since"), details.get("confidence")
        code, inputs = reason_of(fault, values)
        yield FaultSeen(
            fault=fault,
            since=since if type(since) is int else None,
            confidence=confidence if type(confidence) is float else None,
            why=Explanation(RULE, code, dict(inputs)),
            code=code.removeprefix(_SENTENCE) if code.startswith(_SENTENCE) else None,
        )
