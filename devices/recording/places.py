"""Where each kind of recorder plays a moment from, for a sample (`devices.recording.sample`)."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import httpx
import msgspec

from devices.recording.local_time import Zone, to_local
from devices.recording.onvif import OnvifSource
from devices.recording.playing import IN_THE_CLEAR, RTSP_PORT, Playing
from devices.recording.recorder_http import HttpAccess
from devices.recording.rtsp_replay import RtspPlace
from devices.recording.sample import FilePlace, PlaceOf
from devices.recording.source import Segment, UnreadableError, UnsupportedError

PLAYED: Final = timedelta(seconds=30)
"""So much is asked for where the end has to be said; a group of pictures is within it."""


def in_folder(root: Path) -> PlaceOf:
    """Of a `FolderSource` of the same root."""

    async def place(channel: str, segment: Segment, moment: int) -> FilePlace:
        return FilePlace(root, root / channel / segment.handle, moment - segment.begin)

    return place


def of_isapi(access: HttpAccess, port: int = RTSP_PORT, playing: Playing = IN_THE_CLEAR) -> PlaceOf:
    """Of an `IsapiSource`: by the playback URI of the segment, which says its times.

    They stay in whatever the recorder means by Z: the moment is so long after the segment's begin
    as it is in UTC.
    """

    async def place(_channel: str, segment: Segment, moment: int) -> RtspPlace:
        parts = urlsplit(segment.handle)
        told = parse_qs(parts.query).get("starttime", [""])[0]
        try:
            begin = datetime.strptime(told, "%Y%m%dT%H%M%SZ")  # noqa: DTZ007 - see above
        except ValueError as error:
            raise UnsupportedError(f"no time to play from: {told[:40]!r}") from error
        begin += timedelta(milliseconds=moment - segment.begin)
        asked = {"starttime": _compact(begin), "endtime": _compact(begin + PLAYED)}
        return _place(access, port, parts.path, urlencode(asked), begin, playing)

    return place


def of_dahua(
    access: HttpAccess, zone: Zone, port: int = RTSP_PORT, playing: Playing = IN_THE_CLEAR
) -> PlaceOf:
    """Of a `DahuaSource`: by channel and local time."""

    async def place(channel: str, _segment: Segment, moment: int) -> RtspPlace:
        begin = to_local(zone, moment)
        low, high = (f"{each:%Y_%m_%d_%H_%M_%S}" for each in (begin, begin + PLAYED))
        asked = {"channel": channel, "starttime": low, "endtime": high}
        return _place(access, port, "/cam/playback", urlencode(asked), begin, playing)

    return place


def of_onvif(access: HttpAccess, source: OnvifSource, playing: Playing = IN_THE_CLEAR) -> PlaceOf:
    """Of an `OnvifSource`: by its replay service, from the moment on by the clock; whether within
    TLS, it tells.
    """

    async def place(_channel: str, segment: Segment, moment: int) -> RtspPlace:
        uri, begin = await source.replay(segment.handle, moment)
        parts = urlsplit(uri)
        told = msgspec.structs.replace(playing, tls=parts.scheme == "rtsps")
        try:
            port = parts.port or told.port
        except ValueError as error:
            raise UnreadableError("no address of a replay") from error
        return _place(access, port, parts.path, parts.query, begin, told, by_clock=True)

    return place


def _place(
    access: HttpAccess,
    port: int,
    path: str,
    query: str,
    begin: datetime,
    playing: Playing,
    *,
    by_clock: bool = False,
) -> RtspPlace:
    """On the host that is known: behind a translated address recorders tell their inner one."""
    host = httpx.URL(access.url).host
    netloc = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    scheme = "rtsps" if playing.tls else "rtsp"
    try:
        return RtspPlace(
            url=urlunsplit((scheme, netloc, path, query, "")),
            user=access.user,
            password=access.password,
            begin=begin,
            by_clock=by_clock,
            playing=playing,
        )
    except ValueError as error:
        raise UnreadableError(str(error)) from error


def _compact(begin: datetime) -> str:
    return f"{begin:%Y%m%dT%H%M%SZ}"
