"""Whether a school gate has a camera whose recordings reach back as a key target's must. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

import msgspec

from audit.verification.model import Verdict
from devices.recording.local_time import DAY_MS
from devices.recording.verdict import Status
from gateway.store.recordings import Judged

GATE_DAYS: Final = 90
"""What a key target's recordings have to reach back (`devices.recording.requirement`)."""


class Why(StrEnum):
    """What the verdict on a gate rests on (words: ``gate.{why}``)."""

    REACHES = "reaches"
    YOUNG = "young"
    """In operation for less than `GATE_DAYS`, and all of it is there."""
    NO_CAMERA = "no_camera"
    OUT_OF_SERVICE = "out_of_service"
    SHORT = "short"
    GAPS = "gaps"
    NOT_RECORDED = "not_recorded"
    """No recorder is configured for its cameras: nobody can be asked."""
    ASKED_LESS = "asked_less"
    """What is proven is proven for fewer days: the settings ask for no more."""
    UNKNOWN = "unknown"


class Watching(msgspec.Struct, frozen=True, kw_only=True):
    """A camera at a gate. ``recorded``: a recorder is asked about it; ``judged`` is as of now,
    ``None``: not yet. It has to record since ``commissioned`` (ms UTC), ``None``: from long ago.
    """

    camera: str
    out_of_service: bool = False
    recorded: bool = True
    judged: Judged | None = None
    commissioned: int | None = None


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """How it stands with a gate, by the ``camera`` that counts; ``None``: there is none. ``held``
    (ms) is how far its recordings reach back, ``None``: nobody knows.
    """

    verdict: Verdict
    why: Why
    camera: str | None = None
    held: int | None = None
    required_days: int | None = None


_RANK: Final = {Verdict.MET: 2, Verdict.UNKNOWN: 1, Verdict.FAILED: 0}


def reach(cameras: Sequence[Watching]) -> Reach:
    """One camera that is met is enough; while one is unknown, the gate has not failed."""
    if not cameras:
        return Reach(verdict=Verdict.FAILED, why=Why.NO_CAMERA)
    working = [one for one in cameras if not one.out_of_service]
    if not working:
        return Reach(verdict=Verdict.FAILED, why=Why.OUT_OF_SERVICE)
    return max(map(_of, working), key=lambda one: (_RANK[one.verdict], one.held or 0))


def _of(one: Watching) -> Reach:
    judged = one.judged
    if judged is None or not one.recorded:
        why = Why.UNKNOWN if one.recorded else Why.NOT_RECORDED
        return Reach(verdict=Verdict.UNKNOWN, why=why, camera=one.camera)
    verdict, why = _verdict(judged, one.commissioned)
    return Reach(
        verdict=verdict,
        why=why,
        camera=one.camera,
        held=None if judged.reach is None else judged.as_of - judged.reach,
        required_days=judged.required_days,
    )


def _verdict(judged: Judged, commissioned: int | None) -> tuple[Verdict, Why]:
    if judged.status is Status.UNKNOWN:
        return Verdict.UNKNOWN, Why.UNKNOWN
    if judged.status is not Status.MET:
        return Verdict.FAILED, Why.SHORT if judged.status is Status.SHORT else Why.GAPS
    if judged.required_days < GATE_DAYS:
        return Verdict.UNKNOWN, Why.ASKED_LESS
    if commissioned is not None and judged.as_of - commissioned < GATE_DAYS * DAY_MS:
        return Verdict.MET, Why.YOUNG
    return Verdict.MET, Why.REACHES
