"""What is known of a detector that its last readings do not tell: its chamber and its self-test."""

from __future__ import annotations

import msgspec

from alerts.rules.chamber_drift import ChamberDrift
from alerts.rules.rule import DeviceState
from alerts.rules.smoke_alarm import SmokeAlarm


class DetectorKnown(msgspec.Struct, frozen=True):
    """``clean_air_pct_m`` is what its chamber reads in clean air (%/m), ``tested`` when it last
    said that it had tested itself (ms); ``None``: not known (yet), or it is judged for neither.
    """

    clean_air_pct_m: float | None = None
    tested: int | None = None


def detector_known(state: DeviceState) -> DetectorKnown:
    """What the rules of a device remember of it as a detector."""
    clean_air = tested = None
    for rule, memory in zip(state.rules, state.memories, strict=False):
        if isinstance(rule, ChamberDrift) and memory.first:
            clean_air = memory.level
        elif isinstance(rule, SmokeAlarm) and memory.tested:
            tested = memory.tested
    return DetectorKnown(clean_air, tested)
