"""Dahua recorders over HTTP: mediaFileFind.cgi, files a hundred at a time, in their local time."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final
from urllib.parse import quote

import httpx

from devices.recording.local_time import DAY_MS, Zone, generous, to_local
from devices.recording.recorder_http import HttpAccess, RecorderHttp, StatusError
from devices.recording.source import (
    Answer,
    DeviceTime,
    IncompleteError,
    RecordingError,
    RefusedError,
    Segment,
    Span,
    TimedOutError,
    UnreadableError,
)
from devices.recording.written_time import Label, ZMeans

PAGE: Final = 100
MOST_FILES: Final = 200_000
FUTURE_MS: Final = 600_000
LONG_AGO_MS: Final = 3650 * DAY_MS

_FIND: Final = "/cgi-bin/mediaFileFind.cgi?action="
_CLOCK: Final = "/cgi-bin/global.cgi?action=getCurrentTime"
_ITEM: Final = re.compile(r"items\[(\d{1,6})\]\.(\w+)=(.*)", re.ASCII)


class DahuaSource:
    """A `RecordingSource`. Channels are numbers from 1. Which files are locked it does not tell."""

    def __init__(
        self,
        access: HttpAccess,
        zone: Zone,
        *,
        client: httpx.AsyncClient | None = None,
        now: Callable[[], int] | None = None,
    ) -> None:
        """``zone`` is the recorder's: it tells times without one."""
        self._http: Final = RecorderHttp(access, client)
        self._zone: Final = zone
        self._now: Final = now or _machine_clock

    async def ask(self, channel: str, span: Span) -> Answer:
        """All that it holds of ``channel`` in ``span``."""
        limit = self._http.access.ask_timeout_s
        async with self._http.turn:
            try:
                async with asyncio.timeout(limit):
                    segments = await self._ask(_number(channel), span)
            except TimeoutError:
                return Answer.failed(span, TimedOutError(f"not all files in {limit:g} s"))
            except RecordingError as error:
                return Answer.failed(span, error)
        inside = sorted(
            (s for s in segments if s.begin < span.end and s.end > span.begin),
            key=lambda segment: segment.begin,
        )
        return Answer(span=span, segments=tuple(inside))

    async def clock(self) -> DeviceTime | None:
        """Its clock."""
        async with self._http.turn:
            return await self._device_time()

    async def aclose(self) -> None:
        """Close the connections, unless they are shared."""
        await self._http.aclose()

    async def _device_time(self) -> DeviceTime:
        sent = self._now()
        told = _values(await self._http.get(_CLOCK)).get("result", "")
        received = self._now()
        asked = (sent + received) // 2
        moment = Label.read(told).moment(self._zone, ZMeans.LOCAL, asked - DAY_MS) + 500
        return DeviceTime(asked, moment, 500 + (received - sent + 1) // 2)

    async def _ask(self, channel: int, span: Span) -> list[Segment]:
        fast = max(0, (await self._device_time()).drift)
        begin, end = generous(self._zone, span.begin, span.end)
        asked = self._now()
        finder = _values(await self._http.get(f"{_FIND}factory.create")).get("result", "")
        if not finder.isascii() or not finder.isdigit():
            raise UnreadableError(f"no number of a search: {finder[:40]!r}")
        try:
            if not await self._find(finder, channel, begin, end):
                await self._surely_nothing(finder, channel, begin, end)
                return []
            return await self._files(finder, channel, asked + FUTURE_MS + fast)
        finally:
            # They have a few searches only; whether it works says nothing of what was found.
            for last in ("close", "destroy"):
                with suppress(RecordingError):
                    await self._http.get(f"{_FIND}{last}&object={finder}")

    async def _find(self, finder: str, channel: int, begin: int, end: int) -> bool:
        """Start a search; whether it was taken. Many refuse one that would find nothing."""
        low, high = (
            quote(f"{to_local(self._zone, each):%Y-%m-%d %H:%M:%S}") for each in (begin, end)
        )
        try:
            said = await self._http.get(
                f"{_FIND}findFile&object={finder}&condition.Channel={channel}"
                f"&condition.StartTime={low}&condition.EndTime={high}&condition.Types[0]=dav"
            )
        except StatusError as error:
            if error.status == 400:
                return False
            raise
        if said.strip() == b"OK":
            return True
        if said.strip().startswith(b"Error"):
            return False
        raise UnreadableError(f"an answer to findFile that is neither OK nor Error: {said[:40]!r}")

    async def _surely_nothing(self, finder: str, channel: int, begin: int, end: int) -> None:
        """Error may mean that nothing is there, or anything else. Only when a search through all
        times is taken, and this one is refused once more, does it mean nothing.
        """
        all_times = await self._find(finder, channel, begin - LONG_AGO_MS, self._now())
        await self._http.get(f"{_FIND}close&object={finder}")
        if not all_times or await self._find(finder, channel, begin, end):
            raise UnreadableError(f"the recorder answers a search of channel {channel} with Error")

    async def _files(self, finder: str, channel: int, latest: int) -> list[Segment]:
        segments: dict[tuple[int, int, str], Segment] = {}
        after: int | None = None
        while True:
            body = await self._http.get(f"{_FIND}findNextFile&object={finder}&count={PAGE}")
            told = _values(body).get("found", "")
            if told == "0":
                return list(segments.values())
            items = _items(body)
            if told != str(len(items)):
                raise IncompleteError(f"{told[:20]!r} files are told, {len(items)} are there")
            known = len(segments)
            for item in items:
                segment = self._segment(item, after)
                if segment.begin > latest:
                    raise UnreadableError(f"recorded in the future: {item['StartTime']}")
                segments[segment.begin, segment.end, segment.handle] = segment
                after = segment.begin
            if len(segments) == known:
                raise IncompleteError("the recorder gives the same files again and again")
            if len(segments) > MOST_FILES:
                raise IncompleteError(f"channel {channel}: more than {MOST_FILES} files")

    def _segment(self, item: dict[str, str], after: int | None) -> Segment:
        begin = Label.read(item.get("StartTime")).moment(self._zone, ZMeans.LOCAL, after)
        end = Label.read(item.get("EndTime")).moment(self._zone, ZMeans.LOCAL, begin)
        if not begin <= end <= begin + 8 * DAY_MS:
            raise UnreadableError(f"from {item['StartTime']} until {item['EndTime']} is no file")
        length = item.get("Length", "")
        size = int(length) if length.isascii() and length.isdigit() else None
        return Segment(begin, end, handle=item.get("FilePath", ""), size=size)


def _number(channel: str) -> int:
    if not (channel.isascii() and channel.isdigit() and 1 <= int(channel) <= 9999):
        raise RefusedError(f"a channel of Dahua is a number from 1, not {channel[:40]!r}")
    return int(channel)


def _lines(body: bytes) -> list[str]:
    return [line.strip() for line in body.decode("utf-8", "replace").splitlines() if line.strip()]


def _values(body: bytes) -> dict[str, str]:
    return {name: value for name, _, value in (line.partition("=") for line in _lines(body))}


def _items(body: bytes) -> list[dict[str, str]]:
    items: dict[int, dict[str, str]] = {}
    for line in _lines(body):
        if found := _ITEM.fullmatch(line):
            items.setdefault(int(found[1]), {})[found[2]] = found[3]
    return list(items.values())


def _machine_clock() -> int:
    return time.time_ns() // 1_000_000
