"""Decodes one picture in a process of its own.

What recorders send comes from outside. A decoder that dies over it, or takes all memory, must not
take with it the gateway that judges alarms; and who has no recorders loads no decoder.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias, cast

import msgspec

from devices.recording.source import (
    IncompleteError,
    RecordingError,
    RefusedError,
    TimedOutError,
    Trouble,
    UnreachableError,
    UnreadableError,
    error_of,
)

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.codeccontext import VideoCodecContext
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

NICE: Final = 10
CPU_S: Final = 120
MEMORY: Final = 2 << 30
"""Address space: sixteen pictures of 8K that others refer to, and the libraries."""

GONE_S: Final = 5.0
"""For a killed process to be gone. One that reads from a dead disk goes when that answers."""

_ENDED_FROM_OUTSIDE: Final = frozenset({-signal.SIGKILL, -signal.SIGXCPU, -signal.SIGTERM})
"""For want of memory or time: that says nothing of what was to be decoded."""

_MOST_PIXELS: Final = 8192 * 8192
_OPTIONS: Final = {
    "max_pixels": str(_MOST_PIXELS),
    # A file may be a list of others, on the disk or on the network.
    "protocol_whitelist": "file",
}


class OfStream(msgspec.Struct, frozen=True, tag=True):
    """The first picture of ``stream``, Annex B of ``codec`` (as FFmpeg calls it)."""

    codec: str
    stream: bytes


class OfFile(msgspec.Struct, frozen=True, tag=True):
    """A picture of a file below ``root``, at most ``near`` ms before ``skip`` ms into it, if the
    file tells times."""

    root: str
    path: str
    skip: int
    near: int


class Picture(msgspec.Struct, frozen=True, tag=True):
    """``at``: so far into the file (ms), if that tells times."""

    width: int
    height: int
    at: int | None = None


class Failed(msgspec.Struct, frozen=True, tag=True):
    """There is none."""

    trouble: Trouble
    detail: str


Order: TypeAlias = OfStream | OfFile
_order: Final[msgspec.msgpack.Decoder[Order]] = msgspec.msgpack.Decoder(Order)
_answer: Final[msgspec.msgpack.Decoder[Picture | Failed]] = msgspec.msgpack.Decoder(
    Picture | Failed
)
_encoder: Final = msgspec.msgpack.Encoder()


async def decoded(order: Order, limit_s: float) -> Picture:
    """What another process makes of it. Raises `RecordingError`; takes ``limit_s`` at most."""
    try:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "devices.recording.decoding"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,  # an interrupt at the terminal is ours to handle
        )
    except OSError as error:
        raise TimedOutError(f"no process to decode it in: {error.strerror}") from error
    try:
        async with asyncio.timeout(limit_s):
            told, _ = await process.communicate(_encoder.encode(order))
    except TimeoutError as error:
        raise TimedOutError(f"no picture could be decoded in {limit_s:.3g} s") from error
    finally:
        await _ended(process)
    if process.returncode in _ENDED_FROM_OUTSIDE:
        raise TimedOutError(f"the decoder was ended ({process.returncode})")
    if process.returncode is not None and process.returncode > 0:
        # Who dies by a signal of its own died of what it read. This is a fault of ours, such as a
        # library that cannot be loaded: it says nothing of any recording.
        raise TimedOutError(f"the decoder could not do its work ({process.returncode})")
    try:
        answer = _answer.decode(told)
    except msgspec.MsgspecError as error:
        raise UnreadableError(f"the decoder died over it ({process.returncode})") from error
    if isinstance(answer, Failed):
        raise error_of(answer.trouble, answer.detail)
    return answer


async def _ended(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(GONE_S):
            await process.wait()


# --- in that process -----------------------------------------------------------------------------


def decode(order: Order) -> Picture:
    """The picture. Raises `RecordingError`."""
    if isinstance(order, OfFile):
        return _of_file(order)
    frame = next(_of_stream(order), None)
    if frame is None:
        raise UnreadableError(f"{len(order.stream)} bytes of {order.codec}, and no picture")
    return Picture(frame.width, frame.height)


def _of_stream(order: OfStream) -> Iterator[VideoFrame]:
    import av  # noqa: PLC0415 - for this process only
    import av.error  # noqa: PLC0415

    context = cast("VideoCodecContext", av.CodecContext.create(order.codec, "r"))
    context.thread_count = 1
    context.options = {"max_pixels": str(_MOST_PIXELS)}
    for packet in (*context.parse(order.stream), *context.parse(None), None):
        try:
            frames = context.decode(packet)
        except av.error.InvalidDataError:
            continue  # before the first key picture there is often a torn one
        except av.error.FFmpegError as error:
            why = error.strerror or type(error).__name__
            raise UnreadableError(f"{len(order.stream)} bytes of {order.codec}: {why}") from error
        yield from (frame for frame in frames if not frame.is_corrupt)


def _of_file(order: OfFile) -> Picture:
    import av  # noqa: PLC0415 - for this process only
    import av.error  # noqa: PLC0415

    name = Path(order.path).name
    try:
        path = Path(order.path).resolve(strict=True)
        if not path.is_relative_to(Path(order.root).resolve()):
            raise RefusedError(f"{name} is not below {order.root}")
        with av.open(str(path), options=_OPTIONS) as container:
            return _picture_of(container, order)
    except FileNotFoundError as error:
        raise IncompleteError(f"{name} is not there any more") from error
    except PermissionError as error:
        raise RefusedError(f"{name} may not be read") from error
    except av.error.FFmpegError as error:
        raise UnreadableError(f"{name}: {error.strerror or type(error).__name__}") from error
    except OSError as error:
        raise UnreachableError(f"{name}: {error.strerror}") from error


def _picture_of(container: InputContainer, order: OfFile) -> Picture:
    """Key pictures may be minutes apart: from the one before, as far as it takes."""
    stream = next(iter(container.streams.video), None)
    if stream is None:
        raise UnreadableError("there is no video in it")
    stream.codec_context.thread_count = 1
    base, begin = stream.time_base, stream.start_time
    if order.skip and base is not None and begin is not None:
        container.seek(begin + round(order.skip / 1000 / base), stream=stream, backward=True)
    last: Picture | None = None
    for frame in _frames(container, stream):
        if frame.pts is None or base is None or begin is None:
            return Picture(frame.width, frame.height)
        at = round((frame.pts - begin) * base * 1000)
        last = Picture(frame.width, frame.height, at)
        if at >= order.skip - order.near:
            break
    if last is None or last.at is None:
        raise UnreadableError("no picture in it can be decoded")
    if abs(last.at - order.skip) > order.near:
        name, skip = Path(order.path).name, order.skip // 1000
        raise IncompleteError(f"{name} has nothing {skip} s into it, only at {last.at // 1000} s")
    return last


def _frames(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    from av.error import InvalidDataError  # noqa: PLC0415 - for this process only

    for packet in container.demux(stream):
        with contextlib.suppress(InvalidDataError):  # torn ones, one by one
            yield from (frame for frame in packet.decode() if not frame.is_corrupt)


def main() -> None:
    """The process: an order on its input, the answer on its output."""
    os.nice(NICE)
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    answer: Picture | Failed
    try:
        answer = decode(_order.decode(sys.stdin.buffer.read()))
    except RecordingError as error:
        answer = Failed(error.trouble, str(error))
    sys.stdout.buffer.write(_encoder.encode(answer))


if __name__ == "__main__":
    main()
