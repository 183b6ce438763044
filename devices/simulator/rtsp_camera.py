"""A camera that speaks RTSP: digest, RTP over TCP and UDP, H.264 and H.265, one clip in a loop.

It does what a camera does and, when told to, what a bad one does: no key frame for long, silence
after so many packets or pictures.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
import struct
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Any, Final, TypeAlias, cast

import av
from av.video.stream import VideoStream

from devices.camera.look import Image

_MOST_PAYLOAD: Final = 1_400
"""Bytes of one RTP packet: what fits into an Ethernet frame."""

_CLOCK: Final = 90_000
"""Hz, of the time stamps of all video in RTP (RFC 3551)."""

_PAYLOAD_TYPE: Final = 96
_REALM: Final = "camera"
_START_CODE: Final = re.compile(rb"\x00\x00\x00?\x01")
_SPOILT: Final = bytes(range(255, 191, -1))
_MOST_HEAD: Final = 16 * 1024


class Codec(StrEnum):
    """What a clip is coded in."""

    H264 = "H264"
    H265 = "H265"


_ENCODERS: Final = {Codec.H264: "libx264", Codec.H265: "libx265"}


@dataclass(frozen=True, slots=True)
class Frame:
    """One coded picture: its NAL units, without start codes."""

    units: tuple[bytes, ...]
    key: bool


@dataclass(frozen=True, slots=True)
class Clip:
    """Coded pictures in the order in which they are sent; none refers to a later one."""

    codec: Codec
    fps: int
    frames: tuple[Frame, ...]


def coded(
    images: Iterable[Image],
    *,
    codec: Codec = Codec.H264,
    fps: int = 10,
    group: int = 10,
    kbps: int | None = None,
) -> Clip:
    """Code pictures of one size, with a key frame every ``group`` of them, at this bit rate or with
    whatever they need.
    """
    context: av.VideoCodecContext | None = None
    packets: list[av.Packet[VideoStream]] = []
    for index, image in enumerate(images):
        if context is None:
            context = _encoder(codec, image.shape[1], image.shape[0], fps, group)
            if kbps is not None:
                context.bit_rate = 1_000 * kbps
        picture = av.VideoFrame.from_ndarray(image, format="bgr24")
        picture.pts = index
        packets += context.encode(picture.reformat(format="yuv420p"))
    if context is None:
        raise ValueError("a clip needs a picture")
    packets += context.encode(None)
    frames = tuple(
        Frame(tuple(unit for unit in _START_CODE.split(bytes(packet)) if unit), packet.is_keyframe)
        for packet in packets
    )
    return Clip(codec, fps, frames)


def _encoder(codec: Codec, width: int, height: int, fps: int, group: int) -> av.VideoCodecContext:
    context = cast(av.VideoCodecContext, av.CodecContext.create(_ENCODERS[codec], "w"))
    context.width, context.height, context.pix_fmt = width, height, "yuv420p"
    context.framerate = Fraction(fps)
    context.time_base = Fraction(1, fps)
    context.gop_size = group
    context.max_b_frames = 0
    context.thread_count = 1
    context.options = {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "x264-params": f"scenecut=0:keyint={group}:repeat-headers=1",
        "x265-params": (
            f"scenecut=0:keyint={group}:repeat-headers=1:bframes=0:log-level=none:pools=none"
        ),
    }
    return context


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How the camera behaves. ``begin`` is the picture of the clip that a viewer gets first;
    after ``packets`` or ``pictures`` it says no more and keeps the connection; with ``haste`` it
    sends as fast as it can.
    """

    begin: int = 0
    packets: int | None = None
    pictures: int | None = None
    haste: bool = False
    spoil: bool = False
    """Every packet's content is replaced by nonsense behind a right head."""


@dataclass(slots=True)
class Camera:
    """One stream of a server: what is shown, to whom."""

    clip: Clip
    user: str = ""
    password: str = ""
    manners: Manners = field(default_factory=Manners)


Talk: TypeAlias = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]


class Visitors:
    """A TCP server on a free port of this machine that leaves nothing behind: each conversation is
    a task of its own, ended and closed with the server.
    """

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._talks: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def gone(self) -> None:
        """Wait until nobody is connected."""
        while self._talks:
            await asyncio.wait(self._talks)

    @asynccontextmanager
    async def received(self, port: int = 0) -> AsyncIterator[int]:
        """Listen until the end of the block; gives the port."""
        server = await asyncio.start_server(self._come, "127.0.0.1", port)
        try:
            yield int(server.sockets[0].getsockname()[1])
        finally:
            server.close()
            for _ in range(3):
                await asyncio.sleep(0)  # whoever was just being let in is inside now
            talks = dict(self._talks)
            for talk in talks:
                talk.cancel()
            await asyncio.gather(*talks, return_exceptions=True)
            await asyncio.gather(
                *(writer.wait_closed() for writer in talks.values()), return_exceptions=True
            )
            await asyncio.sleep(0)
            await server.wait_closed()

    def _come(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.get_running_loop().create_task(self._talk(reader, writer))
        self._talks[talk] = writer
        talk.add_done_callback(self._go)

    def _go(self, talk: asyncio.Task[None]) -> None:
        self._talks.pop(talk).close()


class RtspServer:
    """Serves cameras by path. ``plays`` is released at each PLAY, for who waits for one."""

    def __init__(self, cameras: dict[str, Camera]) -> None:
        self._cameras = cameras
        self._visitors = Visitors(self._talk)
        self.port = 0
        self.plays = asyncio.Semaphore(0)

    async def deserted(self) -> None:
        """Wait until nobody is connected."""
        await self._visitors.gone()

    def url(self, path: str) -> str:
        """Where a camera's stream is."""
        return f"rtsp://127.0.0.1:{self.port}/{path}"

    @asynccontextmanager
    async def serving(self, port: int = 0) -> AsyncIterator[RtspServer]:
        """Listen on a port of this machine, any free one by default, until the end of the block."""
        async with self._visitors.received(port) as self.port:
            yield self

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = _Conversation(self, reader, writer)
        try:
            await talk.run()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the viewer left, or was none
        finally:
            await talk.close()

    def camera_at(self, url: str) -> Camera | None:
        """The camera that a request's URL names; a track is part of its camera."""
        path = re.sub(r"^rtsp://[^/]*/", "", url).rstrip("/")
        return self._cameras.get(path) or self._cameras.get(path.rpartition("/")[0])


class _Conversation:
    """One connection of one viewer."""

    def __init__(
        self, server: RtspServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer
        self._nonce = secrets.token_hex(16)
        self._send: Callable[[bytes], None] | None = None
        self._datagrams: asyncio.DatagramTransport | None = None
        self._playing: asyncio.Task[None] | None = None

    async def run(self) -> None:
        while True:
            first = await self._reader.readexactly(1)
            if first == b"$":  # a report of the viewer's, between requests
                head = await self._reader.readexactly(3)
                await self._reader.readexactly(int.from_bytes(head[1:]))
                continue
            head = first + await self._reader.readuntil(b"\r\n\r\n")
            if len(head) > _MOST_HEAD or not await self._answer(head.decode("latin-1")):
                return

    async def close(self) -> None:
        # All of it before the first wait, in which this may be cancelled.
        if self._datagrams is not None:
            self._datagrams.close()
        if self._playing is not None:
            self._playing.cancel()
            await asyncio.gather(self._playing, return_exceptions=True)
        await asyncio.sleep(0)  # sockets are closed in the loop's next turn

    async def _answer(self, head: str) -> bool:
        """Answer one request; false when the viewer is done."""
        line, *rest = head.split("\r\n")
        method, url, _ = line.split(" ", 2)
        fields = {
            name.lower(): value.strip() for name, _, value in (f.partition(":") for f in rest)
        }
        sequence = fields.get("cseq", "0")
        if method == "OPTIONS":
            self._say(sequence, "200 OK", "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN")
            return True
        camera = self._server.camera_at(url)
        if camera is None:
            self._say(sequence, "404 Not Found")
        elif not self._allowed(camera, method, fields.get("authorization", "")):
            challenge = f'WWW-Authenticate: Digest realm="{_REALM}", nonce="{self._nonce}"'
            self._say(sequence, "401 Unauthorized", challenge)
        elif method == "DESCRIBE":
            self._say(
                sequence,
                "200 OK",
                "Content-Type: application/sdp",
                f"Content-Base: {url}/",
                body=_description(camera.clip),
            )
        elif method == "SETUP":
            self._say(
                sequence,
                "200 OK",
                await self._set_up(fields["transport"]),
                "Session: 1;timeout=60",
            )
        elif method == "PLAY":
            self._say(sequence, "200 OK", "Session: 1", "Range: npt=0.000-")
            self._playing = asyncio.create_task(self._play(camera))
            self._server.plays.release()
        elif method == "TEARDOWN":
            self._say(sequence, "200 OK", "Session: 1")
            return False
        else:
            self._say(sequence, "200 OK", "Session: 1")
        return True

    def _allowed(self, camera: Camera, method: str, told: str) -> bool:
        if not camera.user:
            return True
        found = dict(re.findall(r'(\w+)="([^"]*)"', told))
        first = _md5(f"{camera.user}:{_REALM}:{camera.password}")
        second = _md5(f"{method}:{found.get('uri', '')}")
        return (
            found.get("username") == camera.user
            and found.get("nonce") == self._nonce
            and found.get("response") == _md5(f"{first}:{self._nonce}:{second}")
        )

    async def _set_up(self, transport: str) -> str:
        ports = re.search(r"client_port=(\d+)", transport)
        if ports is None:
            self._send = lambda packet: self._writer.write(
                b"$\x00" + len(packet).to_bytes(2) + packet
            )
            return "Transport: RTP/AVP/TCP;unicast;interleaved=0-1"
        peer = (str(self._writer.get_extra_info("peername")[0]), int(ports[1]))
        datagrams, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0)
        )
        self._datagrams = datagrams
        self._send = lambda packet: datagrams.sendto(packet, peer)
        own = datagrams.get_extra_info("sockname")[1]
        return (
            f"Transport: RTP/AVP;unicast;client_port={ports[1]}-{int(ports[1]) + 1};"
            f"server_port={own}-{own + 1}"
        )

    async def _play(self, camera: Camera) -> None:
        clip, manners = camera.clip, camera.manners
        packets = 0
        number = 0
        while manners.pictures is None or number < manners.pictures:
            frame = clip.frames[(manners.begin + number) % len(clip.frames)]
            moment = number * _CLOCK // clip.fps
            for payload, last in _payloads(frame, clip.codec):
                if packets == manners.packets or self._send is None or self._writer.is_closing():
                    return
                sent = payload[:2] + _SPOILT if manners.spoil else payload
                marked = _PAYLOAD_TYPE | (0x80 if last else 0)
                head = struct.pack(">BBHII", 0x80, marked, packets & 0xFFFF, moment, 1)
                self._send(head + sent)
                packets += 1
            number += 1
            await self._writer.drain()
            await asyncio.sleep(0 if manners.haste else 1 / clip.fps)

    def _say(self, sequence: str, status: str, *fields: str, body: str = "") -> None:
        lines = [f"RTSP/1.0 {status}", f"CSeq: {sequence}", *fields]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n" + body).encode())


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()  # RFC 2617's


def _description(clip: Clip) -> str:
    more = "packetization-mode=1" if clip.codec is Codec.H264 else ""
    lines = [
        "v=0",
        "o=- 0 0 IN IP4 127.0.0.1",
        "s=camera",
        "t=0 0",
        f"m=video 0 RTP/AVP {_PAYLOAD_TYPE}",
        f"a=rtpmap:{_PAYLOAD_TYPE} {clip.codec}/{_CLOCK}",
        *([f"a=fmtp:{_PAYLOAD_TYPE} {more}"] if more else []),
        "a=control:track1",
        "",
    ]
    return "\r\n".join(lines)


def _payloads(frame: Frame, codec: Codec) -> Iterator[tuple[bytes, bool]]:
    """The RTP payloads of a picture (RFC 6184, RFC 7798), each with whether it is the last."""
    for index, unit in enumerate(frame.units):
        final = index == len(frame.units) - 1
        if len(unit) <= _MOST_PAYLOAD:
            yield unit, final
            continue
        if codec is Codec.H264:
            head, kind, content = bytes([unit[0] & 0xE0 | 28]), unit[0] & 0x1F, unit[1:]
        else:
            head = bytes([unit[0] & 0x81 | 49 << 1, unit[1]])
            kind, content = unit[0] >> 1 & 0x3F, unit[2:]
        for at in range(0, len(content), _MOST_PAYLOAD):
            ends = at + _MOST_PAYLOAD >= len(content)
            mark = (0x80 if at == 0 else 0) | (0x40 if ends else 0) | kind
            piece = content[at : at + _MOST_PAYLOAD]
            yield head + bytes([mark]) + piece, final and ends
