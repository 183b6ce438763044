"""Proof by sample: a few seconds from a random moment of what is required, and a picture of it.

A list of recordings is what a recorder says. That they can be played, only playing one shows.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final, cast

import av
import av.error
import msgspec
from av.container import InputContainer
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from devices.recording.intervals import Intervals
from devices.recording.rtsp_replay import Replay, RtspPlace, fetch
from devices.recording.source import (
    IncompleteError,
    RecordingError,
    RecordingSource,
    RefusedError,
    Segment,
    Span,
    TimedOutError,
    Trouble,
    UnreachableError,
    UnreadableError,
)

SECONDS: Final = 3.0
"""So much is fetched: at least one key picture of most cameras, and little for a busy recorder."""

LIMIT_S: Final = 30.0
"""For one sample, from connecting to the picture: recorders wake a disk for it."""

NEAR_MS: Final = 60_000
"""A recorder begins with the key picture before, or with the file; farther off is another time."""

_MOST_PIXELS: Final = 8192 * 8192
_MOST_PACKETS: Final = 20_000
_OPTIONS: Final = {
    "max_pixels": str(_MOST_PIXELS),
    # A file may be a list of others, on the disk or on the network.
    "protocol_whitelist": "file",
}


class FilePlace(msgspec.Struct, frozen=True):
    """A file below ``root``, and how far into it (ms)."""

    root: Path
    path: Path
    skip: int


Place = FilePlace | RtspPlace
PlaceOf = Callable[[str, Segment, int], Awaitable[Place]]
"""Where ``channel``'s ``segment`` is played from a moment (ms UTC) on. Raises `RecordingError`."""


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it. All times in ms UTC by the recorder's clock.

    ``decoded`` is when the picture is from: as the recorder or the file tells it, else as it was
    asked for. None: there is none, and ``trouble`` and ``detail`` (in English, without
    credentials) say why.
    """

    wanted: int
    decoded: int | None = None
    width: int = 0
    height: int = 0
    trouble: Trouble | None = None
    detail: str = ""

    @classmethod
    def failed(cls, wanted: int, error: RecordingError) -> Sample:
        """What an error stands for."""
        return cls(wanted=wanted, trouble=error.trouble, detail=str(error)[:300])


def chosen_moment(recorded: Intervals, required: Span, seed: str) -> int | None:
    """A moment (ms UTC) of ``required`` at which something is recorded; None when nothing is.

    Each is as likely as any other, and ``seed`` decides: the same one gives the same moment, so
    that a proof can be repeated, and who does not know it cannot guess where it will be looked.
    """
    within = recorded.within(required.begin, required.end)
    if not within:
        return None
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

    Takes ``limit_s`` at most, and what the source takes for one answer.
    """
    answer = await source.ask(channel, Span(moment, moment + 1000))
    if answer.trouble is not None:
        return Sample(wanted=moment, trouble=answer.trouble, detail=answer.detail)
    segment = next((each for each in answer.segments if each.begin <= moment < each.end), None)
    if segment is None:
        error = IncompleteError("it told of a recording there, and has none any more")
        return Sample.failed(moment, error)
    try:
        place = await place_of(channel, segment, moment)
        return await play(place, moment, limit_s=limit_s)
    except RecordingError as error:
        return Sample.failed(moment, error)


async def play(place: Place, wanted: int, *, limit_s: float = LIMIT_S) -> Sample:
    """Fetch and decode. Raises `RecordingError`."""
    until = time.monotonic() + limit_s
    try:
        async with asyncio.timeout(limit_s):
            if isinstance(place, FilePlace):
                # A disk of the network that hangs keeps its thread, but not us.
                return await asyncio.to_thread(_from_file, place, wanted, until)
            replay = await fetch(place, seconds=SECONDS, limit_s=limit_s * 0.8)
            return await asyncio.to_thread(_from_replay, replay, place, wanted, until)
    except TimeoutError as error:
        raise TimedOutError(f"no picture in {limit_s:g} s") from error


def _from_replay(replay: Replay, place: RtspPlace, wanted: int, until: float) -> Sample:
    off = timedelta() if replay.begin is None else replay.begin - place.begin
    if abs(off) > timedelta(milliseconds=NEAR_MS):
        raise IncompleteError(f"it plays {replay.begin}, asked for {place.begin}")
    frame = next(_decoded(replay, until), None)
    if frame is None:
        raise UnreadableError(f"{len(replay.stream)} bytes of {replay.codec}, and no picture")
    decoded = wanted + round(off / timedelta(milliseconds=1))
    return Sample(wanted=wanted, decoded=decoded, width=frame.width, height=frame.height)


def _decoded(replay: Replay, until: float) -> Iterator[VideoFrame]:
    context = cast(VideoCodecContext, av.CodecContext.create(replay.codec, "r"))
    context.thread_count = 1
    context.options = {"max_pixels": str(_MOST_PIXELS)}
    for packet in (*context.parse(replay.stream), *context.parse(None), None):
        if time.monotonic() >= until:
            raise TimedOutError("decoding took too long")
        try:
            frames = context.decode(packet)
        except av.error.InvalidDataError:
            continue  # before the first key picture there is often a torn one
        yield from (frame for frame in frames if not frame.is_corrupt)


def _from_file(place: FilePlace, wanted: int, until: float) -> Sample:
    name = place.path.name
    try:
        path = place.path.resolve(strict=True)
        if not path.is_relative_to(place.root.resolve()):
            raise RefusedError(f"{name} is not below {place.root}")
        with av.open(str(path), options=_OPTIONS) as container:
            frame, at = _frame_of(container, place.skip, until)
    except FileNotFoundError as error:
        raise IncompleteError(f"{name} is not there any more") from error
    except PermissionError as error:
        raise RefusedError(f"{name} may not be read") from error
    except av.error.FFmpegError as error:
        raise UnreadableError(f"{name}: {error.strerror or type(error).__name__}") from error
    except OSError as error:
        raise UnreachableError(f"{name}: {error.strerror}") from error
    if at is not None and abs(at - place.skip) > NEAR_MS:
        raise IncompleteError(
            f"{name} has nothing {place.skip // 1000} s into it, only at {at // 1000} s"
        )
    # Files without times of their own (raw streams): what it has, from its begin.
    decoded = wanted + (0 if at is None else at) - place.skip
    return Sample(wanted=wanted, decoded=decoded, width=frame.width, height=frame.height)


def _frame_of(container: InputContainer, skip: int, until: float) -> tuple[VideoFrame, int | None]:
    """The picture nearest before ``skip`` (ms from the first one) that needs no other one."""
    stream = next(iter(container.streams.video), None)
    if stream is None:
        raise UnreadableError("there is no video in it")
    stream.codec_context.thread_count = 1
    base, begin = stream.time_base, stream.start_time
    timed = base is not None and begin is not None
    if skip and base is not None and begin is not None:
        container.seek(begin + round(skip / 1000 / base), stream=stream, backward=True)
    for count, packet in enumerate(container.demux(stream)):
        if time.monotonic() >= until or count > _MOST_PACKETS:
            raise TimedOutError("no picture could be decoded in time")
        try:
            frames = packet.decode()
        except av.error.InvalidDataError:
            continue
        for frame in frames:
            if isinstance(frame, VideoFrame) and not frame.is_corrupt:
                if frame.pts is None or not timed or base is None or begin is None:
                    return frame, None
                return frame, round((frame.pts - begin) * base * 1000)
    raise UnreadableError("no picture in it can be decoded")
