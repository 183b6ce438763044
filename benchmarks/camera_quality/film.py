"""What a camera saw, as figures: shot once from a clip, judged as often as a limit is tried.

First days in which nothing is wrong, a look a minute, then each fault again and again, by day, in
the dusk and at night. A film is one file, in the folder that `FILMS` names, or in one that is
removed afterwards; its name holds a digest of all that it depends on, the judge not among it.
"""

from __future__ import annotations

import hashlib
import inspect
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.camera_quality import clips, injury, peers, weather
from benchmarks.camera_quality.clips import Clip, read
from benchmarks.camera_quality.injury import Injury, injuries
from benchmarks.camera_quality.peers import Filters
from benchmarks.camera_quality.weather import Night, Weather
from devices.camera import measures
from devices.camera.look import Image
from devices.camera.measures import Measures, measure
from devices.camera.suspicion import Fault

LEAD_IN: Final = 3
"""Looks before a fault begins."""
HOURS: Final = (10.5, 16.2, 18.3, 22.5, 2.5)
"""When faults begin: by day, in the dusk, at night."""
_DAY: Final = 1440
_OWN: Final = (("cpu_ms", "f4"), ("black", "?"), ("frozen", "?"), ("blur", "f4"))
"""Of each look, besides `Measures`: what measuring cost, and what ffmpeg's filters said."""
_WHOLE: Final = "small"
"""Whole numbers of 0 to 255 in four bytes each: kept in one."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One camera: the clip it sees, another that it is turned to, its nights, its calm hours."""

    path: Path
    beside: Path
    night: Night
    hours: float
    seed: int

    @property
    def calm(self) -> int:
        """How many looks there are with nothing wrong."""
        return int(60 * self.hours)


@dataclass(frozen=True, slots=True)
class Scene:
    """A fault, or what is none, that begins after `LEAD_IN` looks; `first` is the first of its
    `length` looks in the film, `minute` its minute in the film's days.
    """

    fault: Fault | None
    strength: str
    also: frozenset[Fault]
    hour: float
    minute: int
    first: int
    length: int


class Film:
    """The looks of one camera; those of the calm days first, one a minute."""

    def __init__(self, plan: Plan, path: Path) -> None:
        self.plan = plan
        self.path = path
        self.scenes = list(_scenes(plan))
        self.looks: NDArray[np.void] = np.load(path, mmap_mode="r")

    def measures(self, number: int) -> Measures:
        """What was measured in a look."""
        row = self.looks[number]
        return Measures(
            **{each.name: _value(each.name, row[each.name]) for each in fields(Measures)}
        )


def shot(plan: Plan, folder: Path) -> Film | None:
    """The film of a camera, shot unless it is there; None when its clip is too short."""
    path = folder / f"{plan.path.stem}-{_digest(plan)}.npy"
    if not path.exists():
        clip, other = read(plan.path), read(plan.beside)
        if clip is None:
            return None
        unfinished = path.with_suffix(f".{os.getpid()}.part")
        _shoot(_rolls(plan, clip, other or clip), _length(plan), unfinished)
        unfinished.rename(path)
    return Film(plan, path)


def _shoot(rolls: Iterable[Iterator[Image]], length: int, path: Path) -> None:
    looks: NDArray[np.void] | None = None
    number = 0
    for roll in rolls:
        filters = Filters()
        for image in roll:
            begun = time.process_time()
            measured = measure(image)
            spent = time.process_time() - begun
            if looks is None:
                looks = np.lib.format.open_memmap(path, "w+", _row(measured), (length,))
            row = looks[number]
            for each in fields(Measures):
                row[each.name] = getattr(measured, each.name)
            row["cpu_ms"] = 1000 * spent
            for name, said in asdict(filters.see(image)).items():
                row[name] = said
            number += 1


def _row(measured: Measures) -> np.dtype[np.void]:
    values = {each.name: np.asarray(getattr(measured, each.name)) for each in fields(Measures)}
    kinds: list[Any] = [
        (name, np.uint8 if name == _WHOLE else value.dtype, value.shape)
        for name, value in values.items()
    ]
    return np.dtype([*kinds, *_OWN])


def _value(name: str, kept: Any) -> Any:
    if not isinstance(kept, np.ndarray):
        return float(kept)
    return kept.astype(np.float32 if name == _WHOLE else kept.dtype)


def _rolls(plan: Plan, clip: Clip, other: Clip) -> Iterator[Iterator[Image]]:
    """What is seen without interruption: the calm days, then each fault with the looks before."""
    yield _calm_days(plan, clip)
    for number, minute in _beginnings(plan):
        invented = np.random.default_rng((plan.seed, number))
        for each in injuries(invented):
            sky = Weather(plan.night, plan.seed + 7 * number)
            yield _injured(each, clip, other, sky, minute, invented)


def _calm_days(plan: Plan, clip: Clip) -> Iterator[Image]:
    sky = Weather(plan.night, plan.seed)
    invented = np.random.default_rng(plan.seed + 1)
    for minute in range(plan.calm):
        # The first half of the clip makes the first day, the other half those that are judged.
        frames = clip.learnt if minute < _DAY else clip.judged
        yield sky.picture(frames[int(invented.integers(len(frames)))], minute)


def _injured(
    what: Injury, clip: Clip, other: Clip, sky: Weather, minute: int, invented: np.random.Generator
) -> Iterator[Image]:
    last: Image | None = None
    for number in range(LEAD_IN + what.looks):
        wrong = number >= LEAD_IN
        if wrong and what.after and last is not None:
            yield what.after(last, number)
            continue
        frames = other.judged if wrong and what.scene else clip.judged
        frame = frames[int(invented.integers(len(frames)))]
        if wrong and what.empty:
            frame = clip.empty
        if wrong:
            yield sky.picture(
                frame, minute + number, turn=what.turn, optical=what.optical, signal=what.signal
            )
        else:
            last = sky.picture(frame, minute + number)
            yield last


def _beginnings(plan: Plan) -> Iterator[tuple[int, int]]:
    """Number and minute of each time of day at which faults begin, on the day after the calm ones.

    A night without any light is left out: nothing can be seen, nor be wrong.
    """
    day = _DAY * (int(plan.hours / 24) + 1)
    for number, hour in enumerate(HOURS):
        if plan.night is not Night.DARK or 7 <= hour <= 18:
            yield number, day + int(60 * hour)


def _scenes(plan: Plan) -> Iterator[Scene]:
    first = plan.calm
    for number, minute in _beginnings(plan):
        for each in injuries(np.random.default_rng(0)):
            length = LEAD_IN + each.looks
            yield Scene(each.fault, each.strength, each.also, HOURS[number], minute, first, length)
            first += length


def _length(plan: Plan) -> int:
    return plan.calm + sum(each.length for each in _scenes(plan))


def _digest(plan: Plan) -> str:
    here = inspect.getmodule(Plan)
    made_by: list[ModuleType | None] = [clips, injury, measures, peers, weather, here]
    sources = [inspect.getsource(each) for each in made_by if each]
    sizes = [each.stat().st_size for each in (plan.path, plan.beside)]
    return hashlib.sha256(repr((plan, sizes, sources)).encode()).hexdigest()[:16]
