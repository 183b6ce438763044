"""Hikvision recorders over ISAPI: searches page by page, digest, and times that are not UTC."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from xml.sax.saxutils import escape

import httpx

from devices.recording.isapi_page import Match, read_page
from devices.recording.isapi_time import (
    LIVE_MS,
    SEEN_MS,
    Calibration,
    nearest_reading,
    readings_of_now,
)
from devices.recording.local_time import DAY_MS, Zone, generous
from devices.recording.posix_zone import PosixZone
from devices.recording.recorder_http import HttpAccess, RecorderHttp
from devices.recording.source import (
    Answer,
    DeviceTime,
    Flag,
    IncompleteError,
    RecordingError,
    RefusedError,
    Segment,
    Span,
    TimedOutError,
    UnreadableError,
)
from devices.recording.written_time import Label, ZMeans
from devices.recording.xml_document import DocumentError, Element, read_document

SEARCH: Final = "/ISAPI/ContentMgmt/search"
CLOCK: Final = "/ISAPI/System/time"

MOST_SEGMENTS: Final = 200_000
"""Of one camera in one span: a clip every half second of a day. More is no answer."""

FUTURE_MS: Final = 600_000
"""A segment may end so much after now: recorders round up to the end of a file."""

_QUESTION: Final = """<?xml version="1.0" encoding="UTF-8"?>
<CMSearchDescription version="2.0" xmlns="http://www.isapi.org/ver20/XMLSchema">
<searchID>{search}</searchID>
<trackIDList><trackID>{track}</trackID></trackIDList>
<timeSpanList><timeSpan><startTime>{begin}</startTime><endTime>{end}</endTime></timeSpan></timeSpanList>
<maxResults>{most}</maxResults>
<searchResultPostion>{position}</searchResultPostion>
<metadataList><metadataDescriptor>//recordType.meta.std-cgi.com</metadataDescriptor></metadataList>
</CMSearchDescription>
"""
"""``Postion`` is how ISAPI spells it."""


class IsapiSource:
    """A `RecordingSource`. Channels are numbers from 1."""

    def __init__(
        self,
        access: HttpAccess,
        zone: Zone,
        *,
        z_means: ZMeans | None = None,
        page: int = 40,
        client: httpx.AsyncClient | None = None,
        now: Callable[[], int] | None = None,
    ) -> None:
        """``zone`` is the school's, for a recorder that tells none. ``z_means``: known beforehand,
        not to be found out. ``page``: segments asked for at once; firmwares give 40 to 64 at most.
        """
        self._http: Final = RecorderHttp(access, client)
        self._zone: Final = zone
        self._told_meaning: Final = z_means
        self._page: Final = page
        self._now: Final = now or _machine_clock
        self._calibration: Calibration | None = None
        self._calibrated = 0
        self._fast = 0  # ms; so that its present is not taken for the future

    async def ask(self, channel: str, span: Span) -> Answer:
        """All that it holds of ``channel`` in ``span``."""
        found: list[Match] = []
        limit = self._http.access.ask_timeout_s
        async with self._http.turn:
            try:
                async with asyncio.timeout(limit):
                    return await self._ask(_track(channel), span, found)
            except TimeoutError:
                error = TimedOutError(f"not all pages in {limit:g} s, only {len(found)} segments")
                return Answer.failed(span, error)
            except RecordingError as error:
                return Answer.failed(span, error)

    async def clock(self) -> DeviceTime | None:
        """Its clock."""
        async with self._http.turn:
            return (await self._device_time())[0]

    async def aclose(self) -> None:
        """Close the connections, unless they are shared."""
        await self._http.aclose()

    async def _ask(self, track: str, span: Span, found: list[Match]) -> Answer:
        calibration = await self._calibrate(track)
        begin, end = generous(calibration.zone, span.begin, span.end)
        asked = self._now()
        await self._search(
            track, calibration.written(begin), calibration.written(end), found, MOST_SEGMENTS
        )
        segments: dict[tuple[int, int], Segment] = {}
        after: int | None = None
        for match in found:
            segment = _segment(match, calibration, after)
            if segment.begin > asked + FUTURE_MS + self._fast:
                raise UnreadableError(f"recorded in the future: {match.begin}")
            segments.setdefault((segment.begin, segment.end), segment)
            after = segment.begin
        inside = [s for s in segments.values() if s.begin < span.end and s.end > span.begin]
        inside.sort(key=lambda segment: segment.begin)
        return Answer(span=span, segments=tuple(inside))

    # --- its clock, its zone, and what it means by Z ---------------------------------------------

    async def _device_time(self) -> tuple[DeviceTime, Zone]:
        sent = self._now()
        root = _read(await self._http.get(CLOCK))
        received = self._now()
        asked = (sent + received) // 2
        zone: Zone = self._zone
        if told := root.said("timeZone"):
            try:
                zone = PosixZone(told)
            except ValueError as error:
                raise UnreadableError(str(error)) from error
        label = Label.read(root.said("localTime"))
        # Cut down to the second, so half a second more on average.
        moment = nearest_reading(label, zone, asked) + 500
        return DeviceTime(asked, moment, 500 + (received - sent + 1) // 2), zone

    async def _calibrate(self, track: str) -> Calibration:
        known = self._calibration
        if known is not None and known.proven and self._now() - self._calibrated < DAY_MS:
            return known
        device, zone = await self._device_time()
        self._fast = max(0, device.drift)
        if self._told_meaning is not None:
            made = Calibration(zone, self._told_meaning, proven=True)
        else:
            made = await self._find_meaning(track, zone, device.told)
        self._calibration, self._calibrated = made, self._now()
        return made

    async def _find_meaning(self, track: str, zone: Zone, now: int) -> Calibration:
        (late, later), (early, earlier) = readings_of_now(zone, now)
        live, seen = timedelta(milliseconds=LIVE_MS), timedelta(milliseconds=SEEN_MS)
        if later - earlier <= live:
            return Calibration(zone, ZMeans.LOCAL, proven=True)  # both mean the same
        if await self._newest(track, earlier + live, later) is not None:
            return Calibration(zone, late, proven=True)
        newest = await self._newest(track, earlier - seen, earlier)
        if newest is None:
            # Nothing new either way: the usual meaning, and asked again the next time.
            return Calibration(zone, ZMeans.LOCAL, proven=False)
        if abs(newest - earlier) <= live:
            return Calibration(zone, early, proven=True)
        raise UnreadableError(
            "whether its Z means UTC or local time cannot be told: nothing was recorded lately; "
            "set z_means"
        )

    async def _newest(self, track: str, begin: datetime, end: datetime) -> datetime | None:
        """The latest end, as written, of what it has there that reaches beyond ``begin``."""
        found: list[Match] = []
        low, high = (f"{each:%Y-%m-%dT%H:%M:%S}Z" for each in (begin, end))
        await self._search(track, low, high, found, 2000)
        ends = [Label.read(match.end).wall for match in found]
        return max((each for each in ends if each > begin), default=None)

    # --- searching -------------------------------------------------------------------------------

    async def _search(
        self, track: str, begin: str, end: str, found: list[Match], most: int
    ) -> None:
        """Put all matches into ``found``, page by page, until it says that there are no more."""
        search = str(uuid.uuid4()).upper()
        seen: set[tuple[str, str, str]] = set()
        while True:
            question = _QUESTION.format(
                search=search,
                track=escape(track),
                begin=begin,
                end=end,
                most=self._page,
                position=len(found),
            )
            page = read_page(await self._http.post(SEARCH, question.encode()), search, track)
            matches, status = page.matches, page.status
            new = {(match.begin, match.end, match.handle) for match in matches} - seen
            if matches and not new:
                raise IncompleteError("the recorder gives the same page again and again")
            seen |= new
            found += matches
            if status == "OK" or (status == "NO MATCHES" and not found):
                return
            if status != "MORE":
                raise IncompleteError(f"after {len(found)} segments the search ended: {status!r}")
            if not matches:
                raise IncompleteError("the recorder says that there is more, and gives nothing")
            if len(found) > most:
                raise IncompleteError(f"more than {most} segments")


def _track(channel: str) -> str:
    if not (channel.isascii() and channel.isdigit() and 1 <= int(channel) <= 9999):
        raise RefusedError(f"a channel of ISAPI is a number from 1, not {channel[:40]!r}")
    return str(int(channel) * 100 + 1)


def _read(body: bytes) -> Element:
    try:
        return read_document(body)
    except DocumentError as error:
        raise UnreadableError(str(error)) from error


def _segment(match: Match, calibration: Calibration, after: int | None) -> Segment:
    zone, means = calibration.zone, calibration.means
    begin = Label.read(match.begin).moment(zone, means, after)
    end = Label.read(match.end).moment(zone, means, begin)
    if not begin <= end <= begin + 8 * DAY_MS:
        raise UnreadableError(f"from {match.begin} until {match.end} is no recording")
    flags = Flag.LOCKED if match.locked else Flag.NONE
    return Segment(begin, end, flags, match.handle)


def _machine_clock() -> int:
    return time.time_ns() // 1_000_000
