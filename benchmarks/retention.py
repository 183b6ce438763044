"""What one new day costs for 10,000 cameras that have 90 days: CPU, with and without the verdicts.

Each camera's recorder answers for yesterday and today with a file an hour; one camera in three has
lost some minutes twice a day all the time, one in a hundred records movement only.
"""

from __future__ import annotations

import random
import time
from typing import Any, Final

from benchmarks.measure import say
from devices.recording.holdings import Holdings
from devices.recording.local_time import DAY_MS, HOUR_MS
from devices.recording.plan import asked_from
from devices.recording.requirement import Requirement
from devices.recording.source import Answer, Segment, Span
from devices.recording.verdict import Status, judge

CAMERAS: Final = 10_000
DAYS: Final = 90
MOST_CPU_S: Final = 5.0
MOST_VERDICT_CPU_S: Final = 10.0

_NOW: Final = 1_795_161_600_000
_REQUIREMENT: Final = Requirement(days=DAYS, commissioned=_NOW - 400 * DAY_MS)


def main() -> dict[str, Any]:
    """CPU seconds of folding the new day in, of judging all, and what the intervals take."""
    invented = random.Random(90)
    # A hundred pasts, each of a hundred cameras: to invent them all would take minutes. What is
    # folded in makes new arrays for every camera.
    pasts = [_ninety_days(invented, number) for number in range(100)]
    cameras = [pasts[number % 100] for number in range(CAMERAS)]
    intervals = sum(len(camera.ordinary) for camera in cameras)
    day = Span(_NOW, _NOW + DAY_MS)
    answers = [_answer(invented, number % 100, day) for number in range(CAMERAS)]
    now = _NOW + DAY_MS
    oldest = asked_from(_REQUIREMENT, now)
    begun = time.process_time()
    cameras = [
        camera.taken(answer, now).since(oldest)
        for camera, answer in zip(cameras, answers, strict=True)
    ]
    folded = time.process_time() - begun
    begun = time.process_time()
    statuses = [judge(camera, _REQUIREMENT, now).status for camera in cameras]
    judged = time.process_time() - begun
    kept = sum(len(camera.to_bytes()) for camera in cameras)
    counts = {each.value: statuses.count(each) for each in Status}
    figures = {
        "cameras": CAMERAS,
        "intervals_each": round(intervals / CAMERAS, 1),
        "merge_cpu_s": round(folded, 3),
        "verdict_cpu_s": round(judged, 3),
        "kept_mb": round(kept / 1e6, 1),
        **counts,
    }
    say(", ".join(f"{name} {value}" for name, value in figures.items()))
    sane = counts["gaps"] > CAMERAS // 4 and counts["met"] > CAMERAS // 2
    return {**figures, "holds": sane and folded <= MOST_CPU_S and judged <= MOST_VERDICT_CPU_S}


def _ninety_days(invented: random.Random, number: int) -> Holdings:
    span = Span(asked_from(_REQUIREMENT, _NOW), _NOW)
    return Holdings().taken(_answer(invented, number, span), _NOW)


def _answer(invented: random.Random, number: int, span: Span) -> Answer:
    """What a recorder says: whole hours; with minutes missing; or one clip in ten minutes."""
    segments: list[Segment] = []
    for begin in range(span.begin, span.end, HOUR_MS):
        end = min(begin + HOUR_MS, span.end)
        if number % 100 == 0:
            for clip in range(begin, end, 600_000):
                at = clip + invented.randrange(300_000)
                segments.append(Segment(at, at + invented.randrange(20_000, 240_000)))
        elif number % 3 == 0 and invented.random() < 2 / 24:
            segments.append(Segment(begin, end - invented.randrange(60_000, 900_000)))
        else:
            segments.append(Segment(begin, end - 1000))
    return Answer(span=span, segments=tuple(segments))
