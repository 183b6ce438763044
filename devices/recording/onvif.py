"""ONVIF recorders (Profile G): which recordings a camera has, and from their events the gaps."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

import httpx
import msgspec

from devices.recording.isapi_time import Calibration, nearest_reading
from devices.recording.local_time import DAY_MS, FixedZone, Zone, from_local, generous, to_local
from devices.recording.onvif_answers import (
    COMPLETED,
    GOING_ON,
    STATE_TOPIC,
    Recording,
    of_channel,
    read_date_time,
    read_label,
    read_recordings,
    read_states,
)
from devices.recording.onvif_history import calibrated, playable
from devices.recording.onvif_soap import Element, FaultError, OnvifSoap, Service, child, said
from devices.recording.posix_zone import PosixZone
from devices.recording.recorder_http import HttpAccess, RecorderHttp
from devices.recording.source import (
    Answer,
    DeviceTime,
    IncompleteError,
    RecordingError,
    Segment,
    Span,
    TimedOutError,
    UnreadableError,
    UnsupportedError,
)
from devices.recording.written_time import Label, ZMeans

MOST_EVENTS: Final = 400_000
"""Of one camera in one span: one begins and one ends a piece, every half second of a day."""

MOST_RECORDINGS: Final = 10_000

LISTED_FOR_MS: Final = 60_000
"""So long the list of recordings is good: a round asks for one day after the other."""

END_S: Final = 5.0
"""For telling it that a search has ended, which it may not hear any more."""

_PAUSE_S: Final = 0.2
"""Before asking a search again that found nothing more yet: some answer at once."""

_KEEP_ALIVE: Final = timedelta(seconds=60)
_WSN: Final = "http://docs.oasis-open.org/wsn/b-2"
_TOPICS: Final = "http://www.onvif.org/ver10/topics"
_CONCRETE_SET: Final = "http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet"

Item = TypeVar("Item")


class _Listing(msgspec.Struct, frozen=True):
    """All recordings, as of ``at`` (ms UTC), and how to read the times in them."""

    at: int
    recordings: list[Recording]
    calibration: Calibration
    fast: int


class OnvifSource:
    """A `RecordingSource`. A channel is the id or the name of a recording's source, or a recording.

    Without a path in its URL, the device service is where the standard puts it.
    """

    def __init__(
        self,
        access: HttpAccess,
        zone: Zone,
        *,
        z_means: ZMeans | None = None,
        page: int = 500,
        client: httpx.AsyncClient | None = None,
        now: Callable[[], int] | None = None,
    ) -> None:
        """``zone`` is the school's, for a recorder that tells none. ``z_means``: known beforehand,
        not to be found out. ``page``: events asked for at once.
        """
        self._http: Final = RecorderHttp(access, client)
        self._soap: Final = OnvifSoap(self._http)
        self._zone: Final = zone
        self._told_meaning: Final = z_means
        self._page: Final = page
        self._now: Final = now or _machine_clock
        self._wait: Final = timedelta(seconds=max(1, min(5, int(access.answer_timeout_s / 2))))
        self._listing: _Listing | None = None
        self._proven: tuple[int, ZMeans] | None = None

    async def ask(self, channel: str, span: Span) -> Answer:
        """All that it holds of ``channel`` in ``span``."""
        limit = self._http.access.ask_timeout_s
        async with self._http.turn:
            try:
                async with asyncio.timeout(limit):
                    segments = await self._ask(channel, span)
            except TimeoutError:
                return Answer.failed(span, TimedOutError(f"not all events in {limit:g} s"))
            except RecordingError as error:
                return Answer.failed(span, error)
        return Answer(span=span, segments=tuple(segments))

    async def clock(self) -> DeviceTime | None:
        """Its clock."""
        async with self._http.turn:
            return (await self._device_time())[0]

    async def replay(self, recording: str, moment: int) -> tuple[str, datetime]:
        """Where a recording (a segment's handle) is played by RTSP, as the recorder tells it, and
        ``moment`` (ms UTC) as the recorder writes it. Raises `RecordingError`.
        """
        async with self._http.turn:
            calibration = (await self._listed()).calibration
            answer = await self._soap.call(
                Service.REPLAY,
                "GetReplayUri",
                StreamSetup={"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}},
                RecordingToken=recording,
            )
        uri = said(answer, "Uri")
        if not uri.startswith(("rtsp://", "rtsps://")):
            raise UnsupportedError(f"no address of a replay: {uri[:60]!r}")
        utc = calibration.means is ZMeans.UTC
        return uri, to_local(FixedZone(0) if utc else calibration.zone, moment)

    async def aclose(self) -> None:
        """Close the connections, unless they are shared."""
        await self._soap.aclose()
        await self._http.aclose()

    async def _ask(self, channel: str, span: Span) -> list[Segment]:
        listing = await self._listed()
        recordings = of_channel(listing.recordings, channel)
        calibration = listing.calibration
        begin, end = generous(calibration.zone, span.begin, span.end)
        now = self._now() + listing.fast
        states, reached = await self._search(
            "Event",
            read_states,
            MOST_EVENTS,
            operation="FindEvents",
            StartPoint=calibration.written(begin),
            EndPoint=calibration.written(end),
            Scope={"IncludedRecordings": [each.token for each in recordings]},
            SearchFilter={"_value_1": [_state_filter()]},
            IncludeStartState=True,
        )
        if reached is not None:
            until = reached.moment(calibration.zone, calibration.means, begin)
            # What has not happened yet by its clock, it need not search; whole seconds. What is
            # before the begin (1970) is no place that a search can reach, and says nothing.
            if begin <= until < min(end, now) - 1000:
                raise IncompleteError(f"its search got until {reached.wall} only")
        return playable(states, recordings, span, calibration, now)

    # --- its recordings, its clock, and what it means by Z ---------------------------------------

    async def _listed(self) -> _Listing:
        known = self._listing
        if known is not None and 0 <= self._now() - known.at < LISTED_FOR_MS:
            return known
        self._listing = None
        device, zone = await self._device_time()
        summary = child(await self._soap.call(Service.SEARCH, "GetRecordingSummary"), "Summary")
        recordings, _ = await self._search(
            "Recording", read_recordings, MOST_RECORDINGS, operation="FindRecordings", Scope={}
        )
        unique = {each.token: each for each in recordings}
        if (count := said(summary, "NumberRecordings")).isdigit() and int(count) > len(unique):
            raise IncompleteError(f"it has {count} recordings, and tells of {len(unique)}")
        calibration = self._calibrated(list(unique.values()), zone, device.told)
        made = _Listing(self._now(), list(unique.values()), calibration, device.told - device.asked)
        self._listing = made
        return made

    def _calibrated(self, recordings: list[Recording], zone: Zone, told: int) -> Calibration:
        if self._told_meaning is not None:
            return Calibration(zone, self._told_meaning, proven=True)
        if self._proven is not None and told - self._proven[0] < DAY_MS:
            return Calibration(zone, self._proven[1], proven=True)
        made = calibrated(recordings, zone, told)
        if made.proven:
            self._proven = (told, made.means)
        return made

    async def _device_time(self) -> tuple[DeviceTime, Zone]:
        sent = self._now()
        try:
            answer = await self._soap.call(Service.DEVICE, "GetSystemDateAndTime", signed=False)
        except FaultError:
            # By the standard anybody may ask; some want to know who.
            answer = await self._soap.call(Service.DEVICE, "GetSystemDateAndTime")
        received = self._now()
        told = child(answer, "SystemDateAndTime")
        zone = self._its_zone(said(child(told, "TimeZone"), "TZ"))
        utc = read_date_time(child(told, "UTCDateTime"))
        local = read_date_time(child(told, "LocalDateTime"))
        asked = (sent + received) // 2
        # Cut down to the second, so half a second more on average.
        moment = 500 + _moment_told(utc, local, zone, asked)
        if utc is not None:
            self._soap.ahead = timedelta(milliseconds=utc.moment(zone, ZMeans.UTC) + 500 - received)
        return DeviceTime(asked, moment, 500 + (received - sent + 1) // 2), zone

    def _its_zone(self, told: str) -> Zone:
        try:
            return PosixZone(told)
        except ValueError:
            return self._zone  # "China Standard Time", "Asia/Shanghai", nothing

    # --- searches: started, read until they are complete, ended whatever happens -----------------

    async def _search(
        self,
        kind: str,
        read: Callable[[Element], tuple[str, list[Item]]],
        most: int,
        *,
        operation: str,
        **wanted: Any,
    ) -> tuple[list[Item], Label | None]:
        """All that is found, and how far it says to have searched, if it says so."""
        started = await self._soap.call(
            Service.SEARCH, operation, KeepAliveTime=_KEEP_ALIVE, **wanted
        )
        token = said(started, "SearchToken")
        if not token:
            raise UnreadableError(f"{operation} gives no token")
        found: list[Item] = []
        reached: Label | None = None
        try:
            await self._pages(kind, read, most, token, found)
        finally:
            # They have a few searches only; whether it works says nothing of what was found.
            with suppress(RecordingError, TimeoutError):
                async with asyncio.timeout(END_S):
                    ended = await self._soap.call(Service.SEARCH, "EndSearch", SearchToken=token)
                reached = read_label(said(ended, "Endpoint"))
        return found, reached

    async def _pages(
        self,
        kind: str,
        read: Callable[[Element], tuple[str, list[Item]]],
        most: int,
        token: str,
        found: list[Item],
    ) -> None:
        before: list[Item] = []
        while True:
            answer = await self._soap.call(
                Service.SEARCH,
                f"Get{kind}SearchResults",
                SearchToken=token,
                MaxResults=self._page,
                WaitTime=self._wait,
            )
            state, items = read(answer)
            if items and items == before:
                raise IncompleteError("the recorder gives the same page again and again")
            before = items
            found += items
            if state == COMPLETED:
                return
            if state not in GOING_ON:
                raise IncompleteError(f"after {len(found)} results the search is {state[:40]!r}")
            if len(found) > most:
                raise IncompleteError(f"more than {most} results")
            if not items:
                await asyncio.sleep(_PAUSE_S)


def _state_filter() -> Element:
    from lxml import etree  # noqa: PLC0415 - see `onvif_soap`

    element = etree.Element(
        f"{{{_WSN}}}TopicExpression",
        nsmap={"wsnt": _WSN, "tns1": _TOPICS},
        Dialect=_CONCRETE_SET,
    )
    element.text = f"tns1:{STATE_TOPIC}"
    return element


def _moment_told(utc: Label | None, local: Label | None, zone: Zone, asked: int) -> int:
    """Its clock (ms UTC). Some tell their local time twice: then the nearer meaning counts."""
    if utc is None:
        if local is None:
            raise UnreadableError("it tells no time")
        return from_local(zone, local.wall, asked - DAY_MS)
    if local is None or local == utc:
        return nearest_reading(utc, zone, asked)
    return utc.moment(zone, ZMeans.UTC)


def _machine_clock() -> int:
    return time.time_ns() // 1_000_000
