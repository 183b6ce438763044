"""Proof by sample: a few seconds from a random moment of what is required, and a picture of it.

A list of recordings is what a recorder says. That they can be played, only playing one shows.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Final, TypeAlias

import msgspec

from devices.recording.decoding import OfFile, OfStream, decoded
from devices.recording.holdings import JOIN_MS
from devices.recording.intervals import Intervals
from devices.recording.proof import Outcome, Sample
from devices.recording.rtsp_replay import RtspPlace, fetch
from devices.recording.source import (
    IncompleteError,
    RecordingError,
    RecordingSource,
    Segment,
    Span,
)

SECONDS: Final = 3.0
"""So much is fetched: at least one key picture of most cameras, and little for a busy recorder."""

LIMIT_S: Final = 30.0
"""For one sample, from connecting to the picture: recorders wake a disk for it."""

NEAR_MS: Final = 60_000
"""A recorder begins with the key picture before, or with the file; farther off is another time."""

_AFTER_MS: Final = 2_000
_BEFORE_MS: Final = 10_000
"""A moment is drawn so far from where a recording begins and ends, if it is as long as that."""

TRIES: Final = 2
"""Before it is called unplayable: a connection may break, and the ring overwrite what was listed a
second ago."""


class FilePlace(msgspec.Struct, frozen=True):
    """A file below ``root``, and how far into it (ms)."""

    root: Path
    path: Path
    skip: int


Place: TypeAlias = FilePlace | RtspPlace
PlaceOf: TypeAlias = Callable[[str, Segment, int], Awaitable[Place]]
"""Where ``channel``'s ``segment`` is played from a moment (ms UTC) on. Raises `RecordingError`."""


def chosen_moment(recorded: Intervals, required: Span, seed: str) -> int | None:
    """A moment (ms UTC) of ``required`` at which something is recorded; None when nothing is.

    Each is as likely as any other, and ``seed`` decides: the same one gives the same moment, so
    that a proof can be repeated, and who does not know it cannot guess where it will be looked.
    """
    within = recorded.within(required.begin, required.end)
    if not within:
        return None
    # Whole seconds are told, and a key picture has to follow before it breaks off.
    inner = [(begin + _AFTER_MS, end - _BEFORE_MS) for begin, end in within]
    within = Intervals((begin, end) for begin, end in inner if begin < end) or within
    drawn = hashlib.sha256(seed.encode()).digest()
    left = int.from_bytes(drawn, "big") % within.duration()
    for begin, end in within:
        if left < end - begin:
            return begin + left
        left -= end - begin
    raise AssertionError("intervals are as long as their pieces together")


async def sampled(
    source: RecordingSource,
    channel: str,
    moment: int,
    place_of: PlaceOf,
    *,
    limit_s: float = LIMIT_S,
) -> Sample:
    """Play what ``channel`` holds of ``moment``. Nothing a recorder does is raised.

    Takes, `TRIES` times at most, ``limit_s`` and what the source takes for one answer.
    """
    for _ in range(TRIES):
        sample = await _tried(source, channel, moment, place_of, limit_s)
        if sample.outcome is not Outcome.UNPLAYABLE:
            break
    return sample


async def _tried(
    source: RecordingSource, channel: str, moment: int, place_of: PlaceOf, limit_s: float
) -> Sample:
    answer = await source.ask(channel, Span(moment, moment + JOIN_MS + 1000))
    if answer.trouble is not None:
        return Sample.asked_in_vain(moment, answer.trouble, answer.detail)
    segment = next((each for each in answer.segments if moment < each.end), None)
    if segment is None or segment.begin > moment + JOIN_MS:
        error = IncompleteError("it told of a recording there, and has none any more")
        return Sample.played_in_vain(moment, error)
    moment = max(moment, segment.begin)  # the second between two files counts as recorded
    try:
        place = await place_of(channel, segment, moment)
    except RecordingError as error:
        return Sample.asked_in_vain(moment, error.trouble, str(error))
    try:
        return await play(place, moment, limit_s=limit_s)
    except RecordingError as error:
        return Sample.played_in_vain(moment, error)


async def play(place: Place, wanted: int, *, limit_s: float = LIMIT_S) -> Sample:
    """Fetch and decode. Raises `RecordingError`."""
    if isinstance(place, FilePlace):
        order = OfFile(str(place.root), str(place.path), place.skip, NEAR_MS)
        picture = await decoded(order, limit_s)
        # Files without times of their own (raw streams): what it has, from its begin.
        off = (picture.at or 0) - place.skip
    else:
        until = time.monotonic() + limit_s
        replay = await fetch(place, seconds=SECONDS, limit_s=limit_s * 0.8)
        later = timedelta() if replay.begin is None else replay.begin - place.begin
        off = round(later / timedelta(milliseconds=1))
        if abs(off) > NEAR_MS:
            raise IncompleteError(f"it plays {replay.begin}, asked for {place.begin}")
        left = max(until - time.monotonic(), limit_s * 0.1)
        picture = await decoded(OfStream(replay.codec, replay.stream), left)
    return Sample(
        outcome=Outcome.PLAYED,
        wanted=wanted,
        decoded=wanted + off,
        width=picture.width,
        height=picture.height,
    )
