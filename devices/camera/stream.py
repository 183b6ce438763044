"""One look at a camera over RTSP: connect, read as few packets as are needed, release.

FFmpeg speaks RTSP (digest and basic, TLS, RTP over TCP or UDP) and decodes, by PyAV. Blocks; takes
no longer than its limit whatever the server does, but for names that the system cannot resolve: who
asks for many cameras asks in threads of processes that can be killed (`devices.camera.pool`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final, cast

import av
import av.error
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from devices.camera.addresses import Address
from devices.camera.look import Image, Look, Outcome, Picture

LIMIT_S: Final = 10.0

_OPENING: Final = 0.3
"""Share of the limit for connecting and the conversation up to PLAY; the same again for the first
packet (PyAV starts its clock anew for it)."""

_READING: Final = 0.2
"""Share of the limit that one packet may take. The last one is begun so long before the end:
0.3 + 0.3 + 0.2 + 0.2 of the limit are all of it."""

_APART_MS: Final = 1_000
"""Of a look of some seconds, pictures are given so far apart: each costs a conversion."""

_MOST_PIXELS: Final = 4096 * 4096
"""Larger pictures are refused: nobody's camera may take the probe's memory."""

_LEAST: Final = (128, 96)
"""Width and height in pixels. What has fewer is no camera's picture, and cannot be judged."""

_NETWORK_BUFFER: Final = 2 * 1024 * 1024
"""Bytes. A key frame of a UDP stream comes in one burst of hundreds of packets."""


def look(
    address: Address,
    *,
    now: int,
    seconds: float = 0.0,
    limit: float = LIMIT_S,
    decoding: AbstractContextManager[object] | None = None,
) -> Look:
    """Take one look, begun ``now`` (ms UTC).

    With ``seconds`` = 0 the first key frame is enough: one picture. Else the stream is read for so
    long, for its rate and for pictures a second apart. Never raises for what a camera does.
    ``decoding`` is entered around each decoding, for who bounds how many there are at once.
    """
    begun = time.monotonic()
    seen = _Seen()
    try:
        outcome, detail = _taken(address, seconds, limit, begun, seen, decoding or nullcontext())
    except av.error.FFmpegError as error:
        late = time.monotonic() - begun >= limit * _OPENING
        outcome, detail = _outcome(error, seen, late=late), _said(error, late=late)
    ended = now + round((time.monotonic() - begun) * 1000)
    return Look(
        begun=now,
        ended=ended,
        outcome=outcome,
        detail=detail,
        pictures=tuple(seen.pictures) if outcome is Outcome.SEEN else (),
        codec=seen.codec,
        width=seen.width,
        height=seen.height,
        fps=seen.fps,
        bitrate_kbps=seen.bitrate_kbps,
    )


@dataclass(slots=True)
class _Seen:
    """What came so far. ``spoilt`` counts key frames that could not be decoded whole."""

    opened: bool = False
    packets: int = 0
    spoilt: int = 0
    codec: str = ""
    width: int = 0
    height: int = 0
    pictures: list[Picture] = field(default_factory=list)
    fps: float | None = None
    bitrate_kbps: float | None = None


def _taken(
    address: Address,
    seconds: float,
    limit: float,
    begun: float,
    seen: _Seen,
    decoding: AbstractContextManager[object],
) -> tuple[Outcome, str]:
    options = {
        "rtsp_transport": address.transport.value,
        "allowed_media_types": "video",
        # What the look needs is found by the look: no packets are read for guessing.
        "probesize": "32",
        "analyzeduration": "1",
        "buffer_size": str(_NETWORK_BUFFER),
        "max_pixels": str(_MOST_PIXELS),
    }
    if address.ca_file:
        options |= {"ca_file": address.ca_file, "tls_verify": "1"}
    with av.open(
        address.with_credentials(),
        "r",
        format="rtsp",
        options=options,
        timeout=(limit * _OPENING, limit * _READING),
    ) as container:
        seen.opened = True
        stream = next(iter(container.streams.video), None)
        if stream is None or stream.codec_context is None:
            return Outcome.NO_STREAM, "there is no video in it"
        context = stream.codec_context
        context.thread_count = 1
        context.options = {"max_pixels": str(_MOST_PIXELS)}
        seen.codec = context.name
        packets = _packets(container, stream, begun + limit * (1 - _READING))
        if seconds > 0:
            _watch(packets, stream, seconds, seen, decoding)
        else:
            _glance(packets, stream, seen, decoding)
    if seen.pictures:
        stopped = seen.fps is not None and seen.pictures[-1].at < (seconds - 1) * 500
        return Outcome.SEEN, "the stream stopped while it was watched" * stopped
    if seen.spoilt:
        return Outcome.UNREADABLE, f"{seen.spoilt} key frames came damaged, none whole"
    waited = f"within {time.monotonic() - begun:.1f} s"
    if seen.packets:
        return Outcome.NO_FRAMES, f"{seen.packets} packets came and no key frame {waited}"
    return Outcome.NO_FRAMES, f"no packet came {waited}"


def _packets(
    container: InputContainer, stream: VideoStream, until: float
) -> Iterator[Packet[VideoStream]]:
    """Packets until the server ends or stalls, or the time is up: then there are no more."""
    try:
        for packet in container.demux(stream):
            if not packet.size:
                return
            yield packet
            if time.monotonic() >= until:
                return
    except (av.error.ExitError, av.error.TimeoutError):
        return


def _glance(
    packets: Iterator[Packet[VideoStream]],
    stream: VideoStream,
    seen: _Seen,
    decoding: AbstractContextManager[object],
) -> None:
    """Decode the first key frame that is whole, and nothing else."""
    context = stream.codec_context
    for packet in packets:
        seen.packets += 1
        if not packet.is_keyframe or packet.is_corrupt:
            seen.spoilt += packet.is_keyframe
            continue
        with decoding:
            try:
                frames = [*context.decode(packet), *context.decode(None)]
            except av.error.InvalidDataError:
                frames = []
            whole = next((frame for frame in frames if _whole(frame)), None)
            if whole is not None:
                _show(whole, 0, seen)
                return
        seen.spoilt += 1
        context.flush_buffers()


def _watch(
    packets: Iterator[Packet[VideoStream]],
    stream: VideoStream,
    seconds: float,
    seen: _Seen,
    decoding: AbstractContextManager[object],
) -> None:
    """Decode from the first key frame on; measure rates over what was read."""
    context = stream.codec_context
    pace = _Pace(stream.time_base or Fraction(1, 90_000))
    for packet in packets:
        seen.packets += 1
        if not pace.begun and (not packet.is_keyframe or packet.is_corrupt):
            seen.spoilt += packet.is_keyframe
            continue
        pace.count(packet)
        with decoding:
            try:
                frames = context.decode(packet)
            except av.error.InvalidDataError:
                seen.spoilt += 1
                continue
            _sample(frames, pace, seen)
        if pace.span >= seconds or pace.waited >= seconds + 1:
            break
    if not pace.begun:
        return
    with decoding:
        _sample(context.decode(None), pace, seen)
    seen.fps, seen.bitrate_kbps = pace.rates(seconds)


def _sample(frames: list[VideoFrame], pace: _Pace, seen: _Seen) -> None:
    for frame in frames:
        at = pace.moment(frame.pts)
        due = seen.pictures[-1].at + _APART_MS if seen.pictures else 0
        if at >= due and _whole(frame):
            _show(frame, at, seen)


def _whole(frame: VideoFrame) -> bool:
    """Whether it can be a camera's picture: garbage decodes to something, too."""
    large = frame.width >= _LEAST[0] and frame.height >= _LEAST[1]
    return large and not frame.is_corrupt


def _show(frame: VideoFrame, at: int, seen: _Seen) -> None:
    seen.width, seen.height = frame.width, frame.height
    image = cast(Image, frame.to_ndarray(format="bgr24"))
    seen.pictures.append(Picture(at=at, image=image))


class _Pace:
    """How fast packets come, by the stream's own time: servers send what they hold in bursts."""

    def __init__(self, base: Fraction) -> None:
        self._base = base
        self._first: int | None = None
        self._last = 0
        self._arrived = 0.0
        self._frames = 0
        self._bytes = 0
        self.begun = False

    def count(self, packet: Packet[VideoStream]) -> None:
        """One more packet, which is one frame."""
        if not self.begun:
            self.begun, self._arrived = True, time.monotonic()
        if packet.pts is not None:
            if self._first is None:
                # Those before had no time, as the first of some streams: the rate begins here.
                self._first = self._last = packet.pts
                self._frames = self._bytes = 0
            self._last = max(self._last, packet.pts)
        self._frames += 1
        self._bytes += packet.size

    def moment(self, pts: int | None) -> int:
        """The stream's time of a frame in ms since the first; the time waited when it has none."""
        if pts is None or self._first is None:
            return round(self.waited * 1000)
        return max(0, round((pts - self._first) * self._base * 1000))

    @property
    def span(self) -> float:
        """Seconds of the stream's time between the first and the last packet."""
        return 0.0 if self._first is None else float((self._last - self._first) * self._base)

    @property
    def waited(self) -> float:
        """Seconds since the first packet came."""
        return time.monotonic() - self._arrived

    def rates(self, seconds: float) -> tuple[float | None, float | None]:
        """Frames a second and kbit/s. A stream that stopped early is measured over the time for
        which it was waited for."""
        length = self.span if self.span >= seconds / 2 else max(self.waited, self.span)
        if length <= 0:
            return None, None
        return round((self._frames - 1) / length, 2), round(self._bytes * 8 / length / 1000, 1)


_OUTCOMES: Final[tuple[tuple[type[av.error.FFmpegError], Outcome], ...]] = (
    (av.error.HTTPUnauthorizedError, Outcome.REFUSED),
    (av.error.HTTPForbiddenError, Outcome.REFUSED),
    (av.error.HTTPError, Outcome.NO_STREAM),
    (av.error.HTTPClientError, Outcome.NO_STREAM),
    (av.error.InvalidDataError, Outcome.UNREADABLE),
)


def _outcome(error: av.error.FFmpegError, seen: _Seen, *, late: bool) -> Outcome:
    """What a failure means. FFmpeg calls an answer that never came "invalid data", and "not
    permitted" when no packet came after PLAY.
    """
    if late and isinstance(error, av.error.InvalidDataError) and not seen.opened:
        return Outcome.OFFLINE
    for kind, outcome in _OUTCOMES:
        if isinstance(error, kind):
            return outcome
    nothing_came = seen.opened or isinstance(error, av.error.PermissionError)
    return Outcome.NO_FRAMES if nothing_came else Outcome.OFFLINE


def _said(error: av.error.FFmpegError, *, late: bool) -> str:
    """Never the whole text: that names the URL with its password."""
    if late and isinstance(error, (av.error.ExitError, av.error.InvalidDataError)):
        return "it did not answer in time"
    if isinstance(error, av.error.PermissionError):
        return "the stream was set up, and nothing whole came in time"
    return error.strerror or type(error).__name__
