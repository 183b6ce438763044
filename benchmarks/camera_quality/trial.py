"""One camera under trial: days in which nothing is wrong, then each fault again and again."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from benchmarks.camera_quality.clips import Clip
from benchmarks.camera_quality.injury import Injury, injuries
from benchmarks.camera_quality.peers import FAULTS, Peer
from benchmarks.camera_quality.weather import Night, Weather
from devices.camera.look import Image, Look, Outcome, Picture
from devices.camera.suspicion import Fault
from devices.camera.watch import CameraWatch, Memory, recalled, remembered

MINUTE_MS: Final = 60_000
MIDNIGHT: Final = 1_795_104_000_000
"""00:00 of a day in China, in ms UTC."""
LEAD_IN: Final = 3
MOST_DELAY: Final = 3
"""Looks after which a fault must have been raised."""
HOURS: Final = (10.5, 16.2, 18.3, 22.5, 2.5)
"""When faults begin: by day, in the dusk, at night."""


@dataclass(slots=True)
class Event:
    """An injected fault, and what came of it: `delay` in looks, None when it was not raised."""

    clip: str
    fault: Fault
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


def camera(clip: Clip, other: Clip, night: Night, *, days: float, seed: int, peers: bool) -> Record:
    """One camera's trial, from the first look on: nothing of it is known before.

    `other` gives the scene it is turned to when it shows another one.
    """
    record = Record(clip.name, night)
    watch = CameraWatch()
    weather = Weather(night, seed)
    invented = np.random.default_rng(seed + 1)
    blurs = _calm_days(record, watch, weather, clip, days, invented, peers=peers)
    stored = remembered(watch.memory)
    day = 1440 * (int(days) + 1)
    for number, hour in enumerate(HOURS):
        minute = day + int(60 * hour)
        if night is Night.DARK and not 7 <= hour <= 18:
            continue
        for injury in injuries(invented):
            trial = _Trial(clip, other, Weather(night, seed + 7 * number), minute, invented)
            event = trial.run(injury, recalled(stored), blurs if peers else None)
            event.hour = hour
            record.events.append(event)
    return record


def look_at(image: Image, now: int) -> Look:
    """A look with one picture, as a probe gives it."""
    height, width = image.shape[:2]
    return Look(
        begun=now,
        ended=now,
        outcome=Outcome.SEEN,
        pictures=(Picture(0, image),),
        codec="h264",
        width=width,
        height=height,
    )


def _calm_days(
    record: Record,
    watch: CameraWatch,
    weather: Weather,
    clip: Clip,
    days: float,
    invented: np.random.Generator,
    *,
    peers: bool,
) -> float:
    """Days in which nothing is wrong; returns the limit of blurdetect they lead to."""
    black, still = Peer(Fault.BLACK), Peer(Fault.FROZEN)
    learning = Peer(Fault.BLURRED)
    blur: Peer | None = None
    record.peer_alarms = dict.fromkeys(FAULTS, 0) if peers else {}
    for minute in range(int(1440 * days)):
        # The first half of the clip makes the first day, the other half those that are judged.
        frames = clip.learnt if minute < 1440 else clip.judged
        image = weather.picture(frames[int(invented.integers(len(frames)))], minute)
        now = MIDNIGHT + minute * MINUTE_MS
        begun = time.process_time()
        judgement = watch.see(look_at(image, now), now)
        record.cpu_s += time.process_time() - begun
        record.looks += 1
        if judgement.undecidable:
            name = judgement.undecidable.value
            record.undecided[name] = record.undecided.get(name, 0) + 1
        for trouble in judgement.troubles:
            if trouble.fault in judgement.fresh:
                why = f"{trouble.why.code} {trouble.why.inputs}"
                record.alarms.append(
                    FalseAlarm(clip.name, weather.night.value, minute, trouble.fault, why)
                )
        if not peers:
            continue
        record.peer_alarms[Fault.BLACK] += black.see(image)
        record.peer_alarms[Fault.FROZEN] += still.see(image)
        if minute < 720:
            learning.see(image)
            continue
        if blur is None:
            blur = Peer(Fault.BLURRED, 1.05 * learning.most)
        record.peer_alarms[Fault.BLURRED] += blur.see(image)
    return 1.05 * learning.most


class _Trial:
    """The looks before a fault and those after its beginning."""

    def __init__(
        self,
        clip: Clip,
        other: Clip,
        weather: Weather,
        minute: int,
        invented: np.random.Generator,
    ) -> None:
        self._clip = clip
        self._other = other
        self._weather = weather
        self._minute = minute
        self._invented = invented

    def run(self, injury: Injury, memory: Memory, blur: float | None) -> Event:
        """Let it happen to a camera with this memory."""
        watch = CameraWatch(memory=memory)
        peer = None
        if blur is not None and injury.fault in FAULTS:
            peer = Peer(injury.fault, blur)
        raised: list[str] = []
        heard: bool | None = None if peer is None else False
        delay = None
        last = None
        for number in range(LEAD_IN + MOST_DELAY):
            wrong = number >= LEAD_IN
            image = self._picture(injury, number, wrong=wrong, last=last)
            last = image if not wrong else last
            now = MIDNIGHT + (self._minute + number) * MINUTE_MS
            judgement = watch.see(look_at(image, now), now)
            raised += sorted(judgement.fresh)
            if wrong and delay is None and judgement.fresh & ({injury.fault} | injury.also):
                delay = number - LEAD_IN + 1
            if peer is not None:
                heard = peer.see(image) or heard
        return Event(
            clip=self._clip.name,
            fault=injury.fault,
            strength=injury.strength,
            hour=0,
            delay=delay,
            raised=tuple(raised),
            peer=heard,
        )

    def _picture(self, injury: Injury, number: int, *, wrong: bool, last: Image | None) -> Image:
        if wrong and injury.after and last is not None:
            return injury.after(last, number)
        frames = self._other.judged if wrong and injury.scene else self._clip.judged
        frame = frames[int(self._invented.integers(len(frames)))]
        minute = self._minute + number
        if not wrong:
            return self._weather.picture(frame, minute)
        return self._weather.picture(
            frame, minute, turn=injury.turn, optical=injury.optical, signal=injury.signal
        )
