"""How well limits do on a clip that had no say in them: leave one out.

All limits of the judge are made laxer and stricter together; for each clip and each fault that is
chosen which found most, with the fewest false alarms, on all the other clips. What it does on the
clip left out is counted. The rules themselves were made with all clips in view: this cannot tell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any, Final

from benchmarks.camera_quality.trial import Record
from devices.camera.faults import colour, focus, glare, interference, view
from devices.camera.suspicion import Fault

TIMES: Final = (0.8, 1.0, 1.25)
"""What limits are multiplied by; more is stricter."""
_LIMITS: Final[tuple[tuple[ModuleType, str], ...]] = (
    *((view, name) for name in ("COVERED_AREA", "COVERED", "COVERED_PLAIN", "HIDDEN", "MOVED")),
    *((view, name) for name in ("SHIFT", "SHIFTED_FIT", "TURNED_FIT", "BETTER")),
    *((focus, name) for name in ("BLUR", "BLUR_BORROWED", "SOFT", "SOFT_BORROWED")),
    *((glare, name) for name in ("WHITE_SHARE", "BURNT_SHARE", "BURNT_TIMES")),
    *((colour, name) for name in ("CAST", "CAST_BORROWED")),
    *((interference, name) for name in ("SNOW_LEAST", "STRIPES_LEAST")),
)


@contextmanager
def limits(times: float) -> Iterator[None]:
    """All limits so many times as large, in this process."""
    before = [getattr(module, name) for module, name in _LIMITS]
    for (module, name), value in zip(_LIMITS, before, strict=True):
        setattr(module, name, times * value)
    try:
        yield
    finally:
        for (module, name), value in zip(_LIMITS, before, strict=True):
            setattr(module, name, value)


def left_out(records: Sequence[tuple[float, Record]]) -> dict[str, Any]:
    """Per fault: recall and false alarms on clips left out, of records with their limits."""
    clips = {record.clip for _, record in records}
    found: dict[str, list[int]] = {}
    for clip in sorted(clips):
        for fault in Fault:
            chosen = max(TIMES, key=lambda times: _worth(records, times, fault, clip))
            for times, record in records:
                if record.clip != clip or times != chosen:
                    continue
                events = [event for event in record.events if event.fault is fault]
                sums = found.setdefault(fault.value, [0, 0, 0])
                sums[0] += sum(event.delay is not None for event in events)
                sums[1] += len(events)
                sums[2] += sum(alarm.fault is fault for alarm in record.alarms)
    return {
        fault: {"recall": round(hits / of, 3), "false_alarms": alarms}
        for fault, (hits, of, alarms) in found.items()
        if of
    }


def _worth(
    records: Sequence[tuple[float, Record]], times: float, fault: Fault, without: str
) -> tuple[float, float]:
    """What limits are worth on the other clips: a false alarm weighs as much as a fault missed."""
    others = [each for by, each in records if by == times and each.clip != without]
    hits = sum(
        event.delay is not None for each in others for event in each.events if event.fault is fault
    )
    alarms = sum(alarm.fault is fault for each in others for alarm in each.alarms)
    return hits - alarms, -abs(times - 1)
