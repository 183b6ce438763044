"""One camera over its looks: what it usually shows is learned, faults are raised once they persist.

A single bad look raises nothing: exposures jump, lamps are switched, people stand before a lens. A
raised fault ends when it is measured to be over, look after look; a look that cannot tell (too
dark, offline) ends nothing. So a cover that is put on in the evening is not forgotten by morning.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
from numpy.typing import NDArray

from devices.camera.faults.stillness import change, frozen, least_change
from devices.camera.faults.stream import Declared, below_declared, unseen
from devices.camera.look import Look
from devices.camera.measures import SMALL, Measures, measure, sample_tiles
from devices.camera.reference import HOURS, PARTS, Reference
from devices.camera.suspicion import Fault, Suspicion, Undecidable, Why
from devices.camera.verdict import VIEW, Verdict, judge

RAISE_AFTER: Final = 3
"""Looks in a row that speak for a fault. The first frozen look differs from the one before it:
there two repetitions are three looks."""
FROZEN_AFTER: Final = 2
CLEAR_AFTER: Final = 3
"""Looks in a row that speak against it."""
SAME_BLOCKS: Final = 0.5
"""Of the lost blocks, those that were lost in each look since it began: people move, covers do not.
"""
SAME_SHIFT: Final = 2.0
"""Points of 160 by which a shift may differ from the one before: a turned camera rests."""

TAMPERING: Final = frozenset({Fault.BLACK, Fault.WHITE, Fault.BLURRED, Fault.COVERED, Fault.MOVED})
"""What people do to cameras, with a cloth, a spray can or a broom. Whoever alerts should keep such
an alert until somebody has looked, even when it is over."""

_KIN: Final = VIEW | {Fault.BLACK}
"""Of these one may look like another for a look or two."""
_CONNECTION: Final = frozenset({Fault.OFFLINE, Fault.AUTH, Fault.NO_FRAMES})


class Course(msgspec.Struct):
    """How one suspicion develops. `streak`: looks in a row that speak for it, since `since` (ms);
    `calm`: looks in a row that speak against it; `raised` (ms), None: not yet.
    """

    since: int
    last: Suspicion
    streak: int = 1
    calm: int = 0
    raised: int | None = None


class Memory(msgspec.Struct):
    """All that is kept of a camera between looks: `remembered` and `recalled` make bytes of it."""

    version: int = 2
    reference: Reference = msgspec.field(default_factory=Reference)
    courses: dict[Fault, Course] = {}
    tiles: NDArray[np.uint8] | None = None
    order: str = ""
    """The id of the last order to relearn that was carried out."""


class MemoryUnreadableError(ValueError):
    """Stored bytes are no memory of this version: begin to learn anew."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A raised fault: first seen `since`, raised at `raised` (ms UTC), and what the newest look
    that spoke for it said.
    """

    fault: Fault
    since: int
    raised: int
    confidence: float
    why: Why

    @property
    def tampering(self) -> bool:
        """Whether people may have done it."""
        return self.fault in TAMPERING


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is to be said of a camera after a look.

    `troubles` are all that are raised now, `fresh` those raised by this look, `over` those that
    ended with it. `suspected` is what this look speaks for, raised or not. `measures` are figures
    for curves. `grey`: without colour, as under infra-red light; None without a picture. `learned`:
    whether what is usual at this time of day and in this light is known.
    """

    online: bool
    troubles: tuple[Trouble, ...]
    fresh: frozenset[Fault]
    over: frozenset[Fault]
    suspected: tuple[Suspicion, ...]
    undecidable: Undecidable | None
    measures: dict[str, float]
    grey: bool | None
    learned: bool

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The raised ones, by name."""
        return tuple(each.fault for each in self.troubles)


class CameraWatch:
    """Judges one camera's looks, in order. Not to be shared between threads."""

    def __init__(
        self,
        *,
        declared: Declared | None = None,
        zone: ZoneInfo | None = None,
        memory: Memory | None = None,
    ) -> None:
        """`zone` tells the camera's time of day (default: China's)."""
        self.memory = memory or Memory()
        self._declared = declared or Declared()
        self._zone = zone or ZoneInfo("Asia/Shanghai")

    def see(self, look: Look, now: int) -> Judgement:
        """Judge one look and learn from it. `now` in ms UTC."""
        missing = unseen(look)
        if missing is not None:
            self.memory.tiles = None
            return self._conclude(_Findings([missing], _CONNECTION), now)
        return self.see_measured(look, measure(look.pictures[-1].image), now)

    def see_measured(self, look: Look, measures: Measures, now: int) -> Judgement:
        """The same for a look whose last picture was measured before, as benchmarks do."""
        findings = _Findings(below_declared(look, self._declared), _CONNECTION)
        findings.decided |= _declared_faults(look)
        hour = datetime.fromtimestamp(now / 1000, self._zone).hour
        verdict = judge(measures, self.memory.reference, hour)
        findings.take(verdict, measures)
        changed = self._look_for_change(look, measures, verdict, findings)
        self.memory.tiles = measures.tiles
        judgement = self._conclude(findings, now, measures, verdict)
        self._learn(measures, verdict, judgement, hour, changed)
        return judgement

    def relearn(self, order: str = "") -> None:
        """Forget what was usual, and all faults that follow from it; on a person's command."""
        kept = {fault: each for fault, each in self.memory.courses.items() if fault in _CONNECTION}
        self.memory = Memory(courses=kept, order=order)

    def _look_for_change(
        self, look: Look, measures: Measures, verdict: Verdict, findings: _Findings
    ) -> float | None:
        """How far the picture differs from the last look's; suspects a frozen one."""
        if self.memory.tiles is None or self.memory.tiles.shape != measures.tiles.shape:
            return None
        hidden = {each.fault for each in verdict.suspicions} & TAMPERING
        changed = change(self.memory.tiles, measures.tiles)
        if changed is None or hidden:
            return None
        reference = self.memory.reference
        alike = [each for each in reference.usual if each.grey == measures.grey]
        within = _change_within(look)
        findings.measures["change"] = round(changed, 3)
        findings.decided |= {Fault.FROZEN}
        suspicion = frozen(max(changed, within), least_change(alike))
        if suspicion:
            findings.suspicions.append(suspicion)
        return changed

    def _conclude(
        self,
        findings: _Findings,
        now: int,
        measures: Measures | None = None,
        verdict: Verdict | None = None,
    ) -> Judgement:
        courses = self.memory.courses
        fresh, over = set(), set()
        by_fault = {each.fault: each for each in findings.suspicions}
        for fault, suspicion in by_fault.items():
            course = courses[fault] = _grown(_akin(courses, fault), suspicion, now)
            needed = FROZEN_AFTER if fault is Fault.FROZEN else RAISE_AFTER
            if course.raised is None and course.streak >= needed:
                course.raised = now
                fresh.add(fault)
        for fault in [each for each in courses if each in findings.decided - by_fault.keys()]:
            course = courses[fault]
            course.calm += 1
            course.streak = 0
            if course.raised is None:
                del courses[fault]
            elif course.calm >= CLEAR_AFTER:
                del courses[fault]
                over.add(fault)
        troubles = tuple(
            Trouble(fault, course.since, course.raised, course.last.confidence, course.last.why)
            for fault, course in sorted(courses.items())
            if course.raised is not None
        )
        return Judgement(
            online=not by_fault.keys() & {Fault.OFFLINE},
            troubles=troubles,
            fresh=frozenset(fresh),
            over=frozenset(over),
            suspected=tuple(by_fault.values()),
            undecidable=verdict.undecidable if verdict else None,
            measures=findings.measures,
            grey=measures.grey if measures else None,
            learned=bool(verdict and verdict.view and verdict.undecidable is None),
        )

    def _learn(
        self,
        measures: Measures,
        verdict: Verdict,
        judgement: Judgement,
        hour: int,
        changed: float | None,
    ) -> None:
        """Learn from this picture, unless something is wrong or may be wrong with the camera."""
        if any(each.fault not in _STREAM for each in judgement.suspected) or any(
            each.fault not in _STREAM for each in judgement.troubles
        ):
            return
        reference = self.memory.reference
        if verdict.dark or verdict.telling:
            reference.hours[hour].learn(dark=verdict.dark)
        if not verdict.telling:
            return
        usual = reference.at(hour * PARTS // HOURS, grey=measures.grey)
        view = verdict.view
        if view is not None and view.usual is usual:
            usual.learn(measures, lost=view.lost_share, blur=view.blur or 0, soft=view.soft or 0)
        else:
            usual.learn(measures)
        if changed is not None:
            usual.learn_still(changed)


_STREAM: Final = frozenset({Fault.LOW_FPS, Fault.LOW_BITRATE})


class _Findings:
    """What one look came to, before it is held against those before."""

    def __init__(self, suspicions: list[Suspicion], decided: frozenset[Fault]) -> None:
        self.suspicions = suspicions
        self.decided = decided
        self.measures: dict[str, float] = {}

    def take(self, verdict: Verdict, measures: Measures) -> None:
        """Add what the picture says."""
        self.suspicions += verdict.suspicions
        self.decided |= verdict.decided
        figures = {
            "brightness": measures.brightness,
            "noise": measures.noise,
            "rows": measures.rows,
            "columns": measures.columns,
        }
        if (view := verdict.view) is not None:
            figures["lost_percent"] = 100 * view.lost_share
            figures["fit_percent"] = 100 * view.fit
            figures["shift_percent"] = 100 * math.hypot(*view.shift) / SMALL[0]
            if view.blur is not None:
                figures["edges_percent"] = 100 * math.exp(view.blur / 2)
        self.measures |= {name: round(value, 2) for name, value in figures.items()}


def _declared_faults(look: Look) -> frozenset[Fault]:
    known = set()
    if look.fps is not None:
        known.add(Fault.LOW_FPS)
    if look.bitrate_kbps is not None:
        known.add(Fault.LOW_BITRATE)
    return frozenset(known)


def _change_within(look: Look) -> float:
    """The largest change among the pictures of one look: a little is no proof of freezing, because
    encoders repeat what hardly changes; much is proof against it.
    """
    if len(look.pictures) < 2:
        return 0.0
    tiles = [sample_tiles(each.image) for each in look.pictures]
    return max(change(one, other) or 0.0 for one, other in pairwise(tiles))


def _akin(courses: dict[Fault, Course], fault: Fault) -> Course | None:
    """The course so far: its own, or that of another change of the view that is not raised yet.
    What is covered by half may look moved or blurred once, a dark cover black; it has persisted
    all the same.
    """
    own = courses.get(fault)
    if own is not None or fault not in _KIN:
        return own
    others = [courses[each] for each in _KIN & courses.keys()]
    return next((each for each in others if each.raised is None and not each.calm), None)


def _grown(course: Course | None, suspicion: Suspicion, now: int) -> Course:
    """The course of a suspicion after one more look for it."""
    if course is None:
        return Course(since=now, last=suspicion)
    blocks = suspicion.blocks
    same = True
    if course.raised is None:
        if blocks and course.last.blocks:
            common = blocks & course.last.blocks
            same = len(common) >= SAME_BLOCKS * len(blocks)
            suspicion = msgspec.structs.replace(suspicion, blocks=common if same else blocks)
        if suspicion.shift and course.last.shift:
            same = same and math.dist(suspicion.shift, course.last.shift) <= SAME_SHIFT
    if not same:
        return Course(since=now, last=suspicion)
    return msgspec.structs.replace(course, last=suspicion, streak=course.streak + 1, calm=0)


def remembered(memory: Memory) -> bytes:
    """A camera's memory as bytes, some 60 KB for each time of day and light that is known."""
    return msgspec.msgpack.encode(memory, enc_hook=_packed)


def recalled(stored: bytes) -> Memory:
    """The memory in those bytes. Raises `MemoryUnreadableError`."""
    try:
        memory = _memory(stored)
    except (msgspec.DecodeError, ValueError, TypeError) as error:
        raise MemoryUnreadableError(f"not the memory of a camera: {error}") from error
    if memory.version != Memory().version:
        raise MemoryUnreadableError(f"a memory of version {memory.version}")
    return memory


def _packed(value: Any) -> tuple[str, tuple[int, ...], bytes]:
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    raise NotImplementedError(f"{type(value)} is not kept")


def _unpacked(_: type, value: Any) -> NDArray[Any]:
    kind, shape, body = value
    return np.frombuffer(body, np.dtype(kind)).reshape(shape).copy()


_memory: Final = msgspec.msgpack.Decoder(Memory, dec_hook=_unpacked).decode
