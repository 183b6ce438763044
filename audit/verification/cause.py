"""Why a device was not verified: what its diagnosis knows, in place of what may be the matter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from alerts.evidence import Reason
from alerts.finding import Priority
from audit.verification.model import Verdict, Verification

_OPEN: Final = frozenset(
    {"find_press", "find_silence", "find_trigger", "find_delay", "look_at_probe", "wait_or_wake"}
)
"""Advice that sends people looking: what is known of the device's connection may answer it."""

_DEAF: Final = "gateway_"
"""How the codes of reasons begin for which no device is heard at all."""


def wants_cause(run: Verification) -> bool:
    """Whether the run is over and its device's diagnosis may tell why it came to that."""
    return run.ended is not None and run.advice in _OPEN


def with_cause(run: Verification, reasons: Sequence[Reason]) -> Verification:
    """The run with the most telling of ``reasons``; the same run when none of them tells.

    A gateway that hears nobody has not seen that the device fails: then the verdict is unknown.
    """
    reason = next((one for one in reasons if _tells(one)), None)
    if reason is None:
        return run
    run = msgspec.structs.replace(run, because=reason)
    if not reason.code.startswith(_DEAF):
        return run
    last = msgspec.structs.replace(run.steps[-1], verdict=Verdict.UNKNOWN)
    return msgspec.structs.replace(run, verdict=Verdict.UNKNOWN, steps=(*run.steps[:-1], last))


def _tells(reason: Reason) -> bool:
    """Whether it is a trouble of the device or of all, and says more than that an alert stands."""
    if reason.alert is not None:
        return False
    in_trouble = reason.priority is not None and reason.priority <= Priority.LOW
    return in_trouble or reason.code.startswith(_DEAF)
