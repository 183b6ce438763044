"""A few seconds of a recording by RTSP (RFC 2326) over TCP or TLS, from the moment asked for.

FFmpeg cannot ask for a moment by the clock as ONVIF wants it (``Range: clock=``), takes passwords
in URLs only, and stops when it likes. Recorders all interleave RTP with RTSP; what they send is
H.264 or H.265.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urljoin, urlsplit

import msgspec

from devices.recording.playing import IN_THE_CLEAR, Playing
from devices.recording.rtp_units import Units
from devices.recording.rtsp_auth import Basic, Proving, proving, stale
from devices.recording.source import (
    IncompleteError,
    RecordingError,
    RefusedError,
    TimedOutError,
    UnreachableError,
    UnreadableError,
    UnsupportedError,
)

MOST_BYTES: Final = 24 * 1024 * 1024
"""Of one sample: three seconds of 4K at 16 Mbit/s are 6 MB, and some recorders send a whole group
of pictures of ten seconds at once."""

_IDLE_S: Final = 2.0
"""With a whole picture in hand, a recorder that sends no more for so long has no more."""

_MOST_HEADERS: Final = 64
_MOST_BODY: Final = 64 * 1024
_CODECS: Final = {"H264": "h264", "H265": "hevc", "HEVC": "hevc"}
_CLOCK: Final = re.compile(r"clock\s*=\s*(\d{8}T\d{6})(?:\.\d+)?Z")


class RtspPlace(msgspec.Struct, frozen=True, kw_only=True):
    """Where a recorder plays a piece from ``begin`` on, a time as the recorder writes it.

    ``url`` is without credentials. ``by_clock``: the moment is asked for as ONVIF wants it;
    otherwise the URL says it. Raises ``ValueError`` for a URL that is none.
    """

    url: str
    user: str
    password: str
    begin: datetime
    by_clock: bool = False
    playing: Playing = IN_THE_CLEAR

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        known = parts.scheme == ("rtsps" if self.playing.tls else "rtsp")
        if not known or not parts.hostname or parts.username or parts.port == 0:
            raise ValueError("a place to play from is rtsp[s]://host/..., without a password")
        if not self.user.isprintable():
            raise ValueError("a user's name is of printable characters")
        if not self.url.isascii() or not self.url.isprintable() or " " in self.url:
            raise ValueError("a place to play from has a URL of ASCII letters, without blanks")

    def __repr__(self) -> str:
        """Without the password."""
        return f"RtspPlace({self.url}, {self.user}, {self.begin})"


class Replay(msgspec.Struct, frozen=True):
    """What came: Annex B of ``codec``, and from when it is, as the recorder writes times."""

    codec: str
    stream: bytes
    begin: datetime | None


async def fetch(place: RtspPlace, *, seconds: float, limit_s: float) -> Replay:
    """At least one whole key picture, and ``seconds`` of the recording if they come in time.

    Raises `RecordingError`.
    """
    host = urlsplit(place.url).hostname
    units: Units | None = None
    player: _Player | None = None
    try:
        async with asyncio.timeout(limit_s):
            player = await _Player.connect(place)
            units = await player.begin()
            await player.read_into(units, seconds)
    except TimeoutError as error:
        if units is None or not units.key_is_whole:
            raise TimedOutError(f"{host}: no whole picture in {limit_s:g} s") from error
    except (OSError, asyncio.IncompleteReadError, ValueError) as error:
        # A line that is too long is a ValueError of asyncio's.
        kind = UnreachableError if player is None else IncompleteError
        raise kind(f"{host}: {type(error).__name__} while it was to play") from error
    finally:
        if player is not None:
            player.close()
    if units is None or not units.key_is_whole:
        raise IncompleteError(f"{host}: it stopped before one whole picture came")
    told = player.told_begin if player is not None else None
    if units.began_ms is not None:
        told = datetime.fromtimestamp(units.began_ms / 1000, UTC).replace(tzinfo=None)
    return Replay(units.codec, bytes(units.stream), told)


class _Answer(msgspec.Struct, frozen=True):
    status: int
    headers: dict[str, list[str]]
    body: bytes

    def said(self, name: str) -> str:
        return self.headers.get(name, [""])[0]


class _Player:
    """One RTSP session, from DESCRIBE to TEARDOWN."""

    def __init__(
        self, place: RtspPlace, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._place: Final = place
        self._reader: Final = reader
        self._writer: Final = writer
        self._count = 0
        self._proving: Proving | None = None
        self._session = ""
        self._base = place.url
        self.told_begin: datetime | None = None

    @classmethod
    async def connect(cls, place: RtspPlace) -> _Player:
        parts = urlsplit(place.url)
        reader, writer = await asyncio.open_connection(
            parts.hostname,
            parts.port or place.playing.port,
            limit=_MOST_BODY,
            ssl=place.playing.context(),
        )
        return cls(place, reader, writer)

    def close(self) -> None:
        """Say goodbye without waiting for an answer; a recorder has a few sessions only."""
        with suppress(OSError, RecordingError):
            if self._session:
                self._write("TEARDOWN", self._base, {})
        self._writer.close()

    async def begin(self) -> Units:
        """Up to where packets come."""
        described = await self._ask("DESCRIBE", self._place.url, {"Accept": "application/sdp"})
        self._base = described.said("content-base") or self._place.url
        units, control = _video(described.body)
        onvif = {"Require": "onvif-replay"} if self._place.by_clock else {}
        prepared = await self._ask(
            "SETUP",
            _joined(self._base, control),
            {"Transport": "RTP/AVP/TCP;unicast;interleaved=0-1", **onvif},
        )
        self._session = prepared.said("session").partition(";")[0].strip()
        if not self._session.isprintable() or not self._session:
            raise UnreadableError(f"{self._host}: no session")
        if self._place.by_clock:
            begin = self._place.begin
            onvif["Range"] = f"clock={begin:%Y%m%dT%H%M%S}.{begin.microsecond // 1000:03}Z-"
        playing = await self._ask("PLAY", self._base, onvif)
        if found := _CLOCK.search(playing.said("range")):
            with suppress(ValueError):
                self.told_begin = datetime.strptime(found[1], "%Y%m%dT%H%M%S")  # noqa: DTZ007
        return units

    async def read_into(self, units: Units, seconds: float) -> None:
        """Until there is enough. Raises what reading raises."""
        count = 0
        while not (units.key_is_whole and units.span_s >= seconds):
            try:
                async with asyncio.timeout(_IDLE_S if units.key_is_whole else None):
                    channel, packet = await self._interleaved()
            except (asyncio.IncompleteReadError, TimeoutError):
                return  # the end of what is recorded, maybe; whether it is enough will show
            count += len(packet)
            if count > MOST_BYTES:
                return
            if channel == 0:
                units.add(packet)

    async def _interleaved(self) -> tuple[int, bytes]:
        """The next packet; RTSP in between (an announcement of the end, a question) is passed."""
        while True:
            first = await self._reader.readexactly(1)
            if first == b"$":
                head = await self._reader.readexactly(3)
                size = int.from_bytes(head[1:], "big")
                return head[0], await self._reader.readexactly(size)
            await self._message(first)

    @property
    def _host(self) -> str:
        return urlsplit(self._place.url).hostname or ""

    async def _ask(self, method: str, url: str, headers: dict[str, str]) -> _Answer:
        self._write(method, url, headers)
        answer = await self._answer()
        challenges = answer.headers.get("www-authenticate", [])
        if answer.status == 401 and (self._proving is None or stale(challenges)):
            self._proving = self._challenged(challenges)
            self._write(method, url, headers)
            answer = await self._answer()
        if answer.status == 200:
            return answer
        if answer.status == 401:
            raise RefusedError(f"{self._host} refused user {self._place.user} for playing")
        told = f"{self._host}: RTSP {answer.status} to {method}"
        if 400 <= answer.status < 500 or answer.status == 503:
            raise RefusedError(told)  # 453 and 503: it has no session left
        raise UnreadableError(told)

    def _challenged(self, challenges: list[str]) -> Proving:
        found = proving(challenges, self._place.user, self._place.password)
        if found is None:
            raise UnsupportedError(
                f"{self._host} asks for an authentication other than digest and basic"
            )
        if isinstance(found, Basic) and not self._place.playing.may_tell_password:
            raise UnsupportedError(
                f"{self._host} knows basic authentication only, which tells the password to "
                "whoever listens (rtsp_basic, or rtsp_tls with rtsp_ca_file)"
            )
        return found

    def _write(self, method: str, url: str, headers: dict[str, str]) -> None:
        self._count += 1
        lines = [f"{method} {url} RTSP/1.0", f"CSeq: {self._count}", "User-Agent: campus"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if self._session:
            lines.append(f"Session: {self._session}")
        if self._proving is not None:
            lines.append(f"Authorization: {self._proving.header(method, url)}")
        self._writer.write("\r\n".join([*lines, "", ""]).encode())

    async def _answer(self) -> _Answer:
        while True:
            first = await self._reader.readexactly(1)
            if first == b"$":
                head = await self._reader.readexactly(3)
                await self._reader.readexactly(int.from_bytes(head[1:], "big"))
                continue
            answer = await self._message(first)
            if answer is not None and answer.said("cseq") in {"", str(self._count)}:
                return answer

    async def _message(self, first: bytes) -> _Answer | None:
        """One message of RTSP; ``None`` for a question of theirs."""
        line = (first + await self._reader.readline()).decode("utf-8", "replace").strip()
        headers: dict[str, list[str]] = {}
        for _ in range(_MOST_HEADERS):
            said = (await self._reader.readline()).decode("utf-8", "replace")
            if not said.strip():
                break
            name, _, value = said.partition(":")
            headers.setdefault(name.strip().lower(), []).append(value.strip())
        else:
            raise UnreadableError(f"{self._host}: an answer of more than {_MOST_HEADERS} headers")
        size = headers.get("content-length", ["0"])[0]
        if not size.isdigit() or int(size) > _MOST_BODY:
            raise UnreadableError(f"{self._host}: an answer of {size[:20]} bytes")
        body = await self._reader.readexactly(int(size))
        protocol, _, rest = line.partition(" ")
        if protocol != "RTSP/1.0":
            if rest.endswith("RTSP/1.0"):
                return None
            raise UnreadableError(f"{self._host} does not speak RTSP")
        if not rest[:3].isdigit():
            raise UnreadableError(f"{self._host}: an answer without a status")
        return _Answer(int(rest[:3]), headers, body)


def _video(description: bytes) -> tuple[Units, str]:
    """The first video of an SDP, and where it is controlled."""
    media: list[dict[str, str]] = []
    for raw in description.decode("utf-8", "replace").splitlines():
        line = raw.strip()
        if line.startswith("m="):
            media.append({"m": line[2:]})
        elif media and line.startswith("a="):
            name, _, value = line[2:].partition(":")
            media[-1].setdefault(name, value)
    video = next((each for each in media if each["m"].startswith("video")), None)
    if video is None:
        raise UnreadableError("there is no video in it")
    encoding = video.get("rtpmap", "").partition(" ")[2].partition("/")[0].upper()
    if encoding not in _CODECS:
        raise UnsupportedError(f"video as {encoding[:20] or 'nothing that is said'}")
    return Units(_CODECS[encoding], _parameters(video.get("fmtp", ""))), video.get("control", "")


def _parameters(told: str) -> list[bytes]:
    """Parameter sets of ``a=fmtp``, in the order in which a decoder wants them."""
    found = dict(re.findall(r"(sprop-[\w-]+)=([^;\s]+)", told))
    sets: list[bytes] = []
    for name in ("sprop-vps", "sprop-sps", "sprop-pps", "sprop-parameter-sets"):
        for each in found.get(name, "").split(","):
            with suppress(binascii.Error):
                sets.append(base64.b64decode(each))
    return [unit for unit in sets if unit]


def _joined(base: str, control: str) -> str:
    """RFC 2326, C.1.1: absolute, relative, or ``*`` for the whole."""
    if not control or control == "*":
        return base
    if control.startswith(("rtsp://", "rtsps://")):
        return control
    if "?" in base and not base.endswith("/"):
        return f"{base}/{control}"  # what recorders mean where the query is part of the name
    return urljoin(base if base.endswith("/") else base + "/", control)
