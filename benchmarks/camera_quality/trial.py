"""One camera under trial: its film is judged look by look, as a probe would have it judged."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from benchmarks.camera_quality.film import LEAD_IN, Film, Scene
from benchmarks.camera_quality.peers import FAULTS, alarms
from benchmarks.camera_quality.weather import Night
from devices.camera.look import Look, Outcome
from devices.camera.suspicion import Fault
from devices.camera.watch import CameraWatch, Judgement, recalled, remembered

MINUTE_MS: Final = 60_000
MIDNIGHT: Final = 1_795_104_000_000
"""00:00 of a day in China, in ms UTC."""
LEARNING: Final = 720
"""Looks of the calm days from which blurdetect's limit is taken."""


@dataclass(slots=True)
class Event:
    """An injected fault, and what came of it: `delay` in looks, None when it was not raised. Where
    nothing was wrong (`fault` None) nothing should have been `raised`.
    """

    clip: str
    fault: Fault | None
    strength: str
    hour: float
    delay: int | None
    raised: tuple[str, ...]
    peer: bool | None


@dataclass(slots=True)
class FalseAlarm:
    """Something was raised when nothing was wrong."""

    clip: str
    night: str
    minute: int
    fault: Fault
    why: str


@dataclass(slots=True)
class Record:
    """What one camera's trial came to."""

    clip: str
    night: Night
    looks: int = 0
    cpu_s: float = 0
    events: list[Event] = field(default_factory=list)
    alarms: list[FalseAlarm] = field(default_factory=list)
    peer_alarms: dict[Fault, int] = field(default_factory=dict)
    undecided: dict[str, int] = field(default_factory=dict)


def trial(film: Film) -> Record:
    """One camera's trial, from the first look on: nothing of it is known before."""
    record = Record(film.plan.path.stem, film.plan.night)
    watch = CameraWatch()
    _calm_days(record, watch, film)
    calm = film.looks[: film.plan.calm]
    blurs = calm["blur"][:LEARNING]
    limit = 1.05 * float(np.nanmax(blurs)) if np.isfinite(blurs).any() else 0.0
    for fault in FAULTS:
        raised = alarms(calm, fault, limit)
        learning = LEARNING if fault is Fault.BLURRED else 0
        record.peer_alarms[fault] = int(raised[learning:].sum())
    stored = remembered(watch.memory)
    for scene in film.scenes:
        record.events.append(_event(film, scene, stored, limit))
    return record


def _calm_days(record: Record, watch: CameraWatch, film: Film) -> None:
    for minute in range(film.plan.calm):
        begun = time.process_time()
        judgement = _seen(watch, film, minute, minute)
        record.cpu_s += time.process_time() - begun + float(film.looks[minute]["cpu_ms"]) / 1000
        record.looks += 1
        if judgement.undecidable:
            name = judgement.undecidable.value
            record.undecided[name] = record.undecided.get(name, 0) + 1
        record.alarms += [
            FalseAlarm(
                record.clip,
                record.night.value,
                minute,
                trouble.fault,
                f"{trouble.why.code} {trouble.why.inputs}",
            )
            for trouble in judgement.troubles
            if trouble.fault in judgement.fresh
        ]


def _event(film: Film, scene: Scene, stored: bytes, limit: float) -> Event:
    """A fault happens to a camera that remembers the calm days."""
    watch = CameraWatch(memory=recalled(stored))
    judged = [
        _seen(watch, film, scene.first + number, scene.minute + number)
        for number in range(scene.length)
    ]
    peer = None
    if scene.fault in FAULTS:
        looks = film.looks[scene.first : scene.first + scene.length]
        peer = bool(alarms(looks, scene.fault, limit)[LEAD_IN:].any())
    return Event(
        clip=film.plan.path.stem,
        fault=scene.fault,
        strength=scene.strength,
        hour=scene.hour,
        delay=_delay(judged[LEAD_IN:], scene.also | {scene.fault}),
        raised=tuple(fault for each in judged for fault in sorted(each.fresh)),
        peer=peer,
    )


def _delay(judged: Iterable[Judgement], names: frozenset[Fault | None]) -> int | None:
    """Looks until one of these was raised."""
    raised = (number for number, each in enumerate(judged, 1) if each.fresh & names)
    return next(raised, None)


def _seen(watch: CameraWatch, film: Film, number: int, minute: int) -> Judgement:
    """A look of the film, at this minute of its days."""
    now = MIDNIGHT + minute * MINUTE_MS
    look = Look(begun=now, ended=now, outcome=Outcome.SEEN)
    return watch.see_measured(look, film.measures(number), now)
