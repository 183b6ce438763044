"""A recorder of tests that plays by RTSP: digest, RTP within the connection, from a moment on.

It packs what libx264 and libx265 made into RTP after RFC 6184 and RFC 7798, small enough that
every picture comes in fragments, and sends ONVIF's replay extension where that was required.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any, cast

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext

USER, PASSWORD = "admin", "a good password"
FPS = 10
SIZE = (96, 64)
_MTU = 160


def pictures(seconds: float) -> Iterator[av.VideoFrame]:
    """A bright bar that wanders over a ramp."""
    ramp = np.tile(np.linspace(20, 200, SIZE[0], dtype=np.uint8)[None, :, None], (SIZE[1], 1, 3))
    for number in range(int(seconds * FPS)):
        image = ramp.copy()
        image[:, number % SIZE[0]] = 255
        frame = av.VideoFrame.from_ndarray(image, format="rgb24")
        frame.pts, frame.time_base = number, Fraction(1, FPS)
        yield frame


def encoded(codec: str, seconds: float = 6.0) -> list[bytes]:
    """Access units in Annex B, a key picture each second."""
    context = cast(VideoCodecContext, av.CodecContext.create(codec, "w"))
    context.width, context.height = SIZE
    context.pix_fmt = "yuv420p"
    context.time_base, context.framerate = Fraction(1, FPS), Fraction(FPS)
    context.gop_size, context.max_b_frames = FPS, 0
    quiet = "log-level=none:keyint=10:min-keyint=10:bframes=0:repeat-headers=1"
    context.options = (
        {"x265-params": quiet, "preset": "ultrafast"}
        if codec == "libx265"
        else {"preset": "ultrafast", "tune": "zerolatency"}
    )
    packets = [packet for frame in pictures(seconds) for packet in context.encode(frame)]
    return [bytes(packet) for packet in (*packets, *context.encode(None))]


def units_of(access_unit: bytes) -> list[bytes]:
    """NAL units between start codes."""
    return [unit for unit in re.split(rb"\x00\x00\x00?\x01", access_unit) if unit]


def is_key(unit: bytes, codec: str) -> bool:
    return unit[0] & 31 == 5 if codec == "H264" else 16 <= (unit[0] >> 1 & 63) <= 21


class ReplayingRecorder:
    """``since``: when what it holds begins, as it writes times."""

    def __init__(self, since: datetime, *, codec: str = "H264") -> None:
        self.since = since
        self.codec = codec
        self.held = encoded("libx264" if codec == "H264" else "libx265")
        self.told: list[tuple[str, str, dict[str, str]]] = []
        self.challenge = 'Digest realm="recorder", nonce="n0nce", qop="auth", algorithm="MD5"'
        self.status: dict[str, int] = {}
        self.description: bytes | None = None
        self.tells_range = True
        self.plays_off = timedelta()
        self.stops_after: int | None = None  # so many packets
        self.hangs_after: int | None = None
        self.garbles = False
        self.loses_packet: int | None = None
        self.chats = False  # RTSP of its own between the packets
        self.answers_with: bytes | None = None
        self.playing = asyncio.Event()
        self.torn_down = asyncio.Event()
        self.released = asyncio.Event()
        self.port = 0
        self._serving: list[asyncio.Task[None]] = []

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield
        finally:
            self.released.set()
            server.close()
            await server.wait_closed()
            for task in self._serving:
                task.cancel()
            await asyncio.gather(*self._serving, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._serving.append(asyncio.create_task(self._served(reader, writer)))

    async def _served(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        playing: asyncio.Task[None] | None = None
        try:
            while line := (await reader.readline()).decode().strip():
                headers = {}
                while said := (await reader.readline()).decode().strip():
                    name, _, value = said.partition(":")
                    headers[name.lower()] = value.strip()
                method, url, _ = line.split(" ")
                self.told.append((method, url, headers))
                if self.answers_with is not None:
                    writer.write(self.answers_with)
                    await self.released.wait()
                    return
                if method == "TEARDOWN":
                    self.torn_down.set()
                    return
                if self._answer(method, url, headers, writer) and method == "PLAY":
                    playing = asyncio.create_task(self._play(url, headers, writer))
        finally:
            if playing is not None:
                playing.cancel()
                await asyncio.gather(playing, return_exceptions=True)
            writer.close()

    def _answer(
        self, method: str, url: str, headers: dict[str, str], writer: asyncio.StreamWriter
    ) -> bool:
        status = self.status.get(method, 200)
        body, more = b"", {}
        if self.challenge and not self._knows(method, url, headers.get("authorization", "")):
            status, more = 401, {"WWW-Authenticate": self.challenge}
        elif method == "DESCRIBE":
            body = self.description or self._described()
            more = {"Content-Base": f"{url}/", "Content-Type": "application/sdp"}
        elif method == "SETUP":
            more = {"Session": "4711;timeout=60", "Transport": headers["transport"]}
        elif method == "PLAY" and self.tells_range:
            begin = self._asked(url, headers) + self.plays_off
            more = {"Range": f"clock={begin:%Y%m%dT%H%M%SZ}-"}
        lines = [f"RTSP/1.0 {status} said", f"CSeq: {headers['cseq']}"]
        lines += [f"{name}: {value}" for name, value in more.items()]
        writer.write("\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body)
        return status == 200

    def _knows(self, method: str, url: str, header: str) -> bool:
        told = dict(re.findall(r'(\w+)="?([^",]+)"?', header))
        if told.get("nonce") != "n0nce" or told["uri"] != url:
            return False
        ha1 = hashlib.md5(f"{USER}:recorder:{PASSWORD}".encode()).hexdigest()
        ha2 = hashlib.md5(f"{method}:{url}".encode()).hexdigest()
        middle = f"n0nce:{told['nc']}:{told['cnonce']}:auth" if "qop" in told else "n0nce"
        wanted = hashlib.md5(f"{ha1}:{middle}:{ha2}".encode()).hexdigest()
        return bool(told["response"] == wanted)

    def _described(self) -> bytes:
        sets = [unit for unit in units_of(self.held[0]) if not is_key(unit, self.codec)]
        told = ",".join(base64.b64encode(unit).decode() for unit in sets[:2])
        parameters = f"packetization-mode=1;sprop-parameter-sets={told}" * (self.codec == "H264")
        return (
            "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=replay\r\nt=0 0\r\na=control:*\r\n"
            "m=audio 0 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=control:track2\r\n"
            f"m=video 0 RTP/AVP 96\r\na=rtpmap:96 {self.codec}/90000\r\n"
            f"a=fmtp:96 {parameters or 'x=1'}\r\na=control:track1\r\n"
        ).encode()

    def _asked(self, url: str, headers: dict[str, str]) -> datetime:
        if found := re.search(r"clock=(\d{8}T\d{6})", headers.get("range", "")):
            return datetime.fromisoformat(found[1])
        found = re.search(r"starttime=([\d_TZ]+)", url)
        assert found is not None
        text = found[1].removesuffix("Z").replace("_", "").replace("T", "")
        return datetime.fromisoformat(f"{text[:8]}T{text[8:]}")

    async def _play(self, url: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        begin = self._asked(url, headers) + self.plays_off
        second = int((begin - self.since).total_seconds())
        self.playing.set()
        sends_time = headers.get("require") == "onvif-replay"
        count = 0
        # It holds a few seconds, again and again.
        for number, unit in enumerate(self.held[second * FPS % len(self.held) :]):
            at = self.since + timedelta(seconds=second + number / FPS)
            for packet in self._packets(unit, number, at if sends_time else None):
                count += 1
                if count == self.hangs_after:
                    await self.released.wait()
                if count == self.stops_after:
                    writer.close()
                    return
                if count == self.loses_packet:
                    continue
                if self.chats and count % 7 == 0:
                    writer.write(b"OPTIONS * RTSP/1.0\r\nCSeq: 9\r\n\r\n$\1\0\4rtcp")
                data = bytes(len(packet)) if self.garbles else packet
                writer.write(b"$\0" + len(data).to_bytes(2, "big") + data)
            await writer.drain()

    def _packets(self, unit: bytes, number: int, at: datetime | None) -> Iterator[bytes]:
        payloads = [p for nal in units_of(unit) for p in self._payloads(nal)]
        if self.codec == "H264" and number == 0:  # the sets together in one packet
            small, rest = payloads[:2], payloads[2:]
            joined = b"".join(len(each).to_bytes(2, "big") + each for each in small)
            payloads = [b"\x18" + joined, *rest]
        for place, payload in enumerate(payloads):
            last = place == len(payloads) - 1
            self._sequence = getattr(self, "_sequence", 65_500) + 1
            extension = b""
            if at is not None and place == 0:
                seconds = int(at.replace(tzinfo=UTC).timestamp()) + 2_208_988_800
                fraction = at.microsecond * 2**32 // 1_000_000
                extension = (
                    b"\xab\xac\0\3" + seconds.to_bytes(4, "big") + fraction.to_bytes(4, "big")
                ) + b"\x80\0\0\0"
            yield (
                bytes([0x90 if extension else 0x80, 96 | 0x80 * last])
                + (self._sequence % 65_536).to_bytes(2, "big")
                + (number * 90_000 // FPS).to_bytes(4, "big")
                + b"\0\0\0\1"
                + extension
                + payload
            )

    def _payloads(self, nal: bytes) -> Iterator[bytes]:
        if len(nal) <= _MTU:
            yield nal
            return
        long = 1 if self.codec == "H264" else 2
        kind = nal[0] & 31 if long == 1 else nal[0] >> 1 & 63
        head = (
            bytes([nal[0] & 0xE0 | 28]) if long == 1 else bytes([nal[0] & 0x81 | 49 << 1, nal[1]])
        )
        parts = [nal[at : at + _MTU] for at in range(long, len(nal), _MTU)]
        for place, part in enumerate(parts):
            flags = 0x80 * (place == 0) | 0x40 * (place == len(parts) - 1)
            yield head + bytes([flags | kind]) + part


def written(path: Any, seconds: float = 120.0, codec: str = "libx264") -> None:
    """A file of the wandering bar, a key picture every ten seconds."""
    with av.open(str(path), "w") as container:
        stream = cast(Any, container.add_stream(codec, rate=FPS))
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        stream.gop_size, stream.options = 10 * FPS, {"x264-params": "scenecut=0"}
        for frame in pictures(seconds):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
