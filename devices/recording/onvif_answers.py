"""What ONVIF recorders say of their recordings: read from the answers, times still as written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import msgspec

from devices.recording.onvif_soap import Element, child, every, said
from devices.recording.source import RefusedError, UnreadableError
from devices.recording.written_time import Label

COMPLETED: Final = "Completed"
GOING_ON: Final = frozenset({"Queued", "Searching"})

STATE_TOPIC: Final = "RecordingHistory/Track/State"
_PREFIX: Final = re.compile(r"[\w.-]+:")


class Track(msgspec.Struct, frozen=True):
    """A video track: from its oldest data to its newest."""

    token: str
    begin: Label
    end: Label


class Recording(msgspec.Struct, frozen=True):
    """One recording of one source; ``video`` are its tracks of pictures."""

    token: str
    source_id: str
    name: str
    goes_on: bool
    earliest: Label | None
    latest: Label | None
    video: tuple[Track, ...]


class TrackState(msgspec.Struct, frozen=True, gc=False):
    """From ``at`` on a track has data, or has none.

    ``at_start``: it was so when the search began.
    """

    recording: str
    track: str
    at: Label
    present: bool
    at_start: bool


def read_recordings(answer: Element) -> tuple[str, list[Recording]]:
    """The state of the search, and one page of GetRecordingSearchResults."""
    listed = child(answer, "ResultList")
    return said(listed, "SearchState"), [
        _recording(each) for each in every(listed, "RecordingInformation")
    ]


def _recording(told: Element) -> Recording:
    source = child(told, "Source")
    tracks = list(every(told, "Track"))
    made = Recording(
        token=said(told, "RecordingToken"),
        source_id=said(source, "SourceId"),
        name=said(source, "Name"),
        goes_on=said(told, "RecordingStatus") == "Recording",
        earliest=_label_or_none(said(told, "EarliestRecording")),
        latest=_label_or_none(said(told, "LatestRecording")),
        video=tuple(
            Track(
                said(each, "TrackToken"),
                read_label(said(each, "DataFrom")),
                read_label(said(each, "DataTo")),
            )
            for each in tracks
            if said(each, "TrackType") == "Video"
        ),
    )
    if not made.token:
        raise UnreadableError("a recording without a token")
    if not tracks and made.earliest is not None:
        raise UnreadableError(f"recording {made.token[:40]} does not tell its tracks")
    return made


def read_states(answer: Element) -> tuple[str, list[TrackState]]:
    """The state of the search, and of one page of GetEventSearchResults what is of tracks.

    Recorders that pay no heed to the filter tell of motion and whatever else as well.
    """
    listed = child(answer, "ResultList")
    states: list[TrackState] = []
    for result in every(listed, "Result"):
        event = child(result, "Event")
        if _PREFIX.sub("", said(event, "Topic")) == STATE_TOPIC:
            states.append(_state(result, event))
    return said(listed, "SearchState"), states


def _state(result: Element, event: Element) -> TrackState:
    # What it is of (Source) and what it says (Data) have no names in common.
    items = {each.get("Name"): each.get("Value", "") for each in event.iter("{*}SimpleItem")}
    recording = said(result, "RecordingToken") or items.get("RecordingToken", "")
    track = said(result, "TrackToken") or items.get("Track", "")
    present = _BOOLEAN.get(items.get("IsDataPresent", ""))
    at_start = _BOOLEAN.get(said(result, "StartStateEvent"))
    if not recording or present is None or at_start is None:
        raise UnreadableError(f"an event of {recording[:40]!r} that does not tell what it is")
    return TrackState(recording, track, read_label(said(result, "Time")), present, at_start)


def read_date_time(told: Element | None) -> Label | None:
    """A tt:DateTime (Time and Date in numbers); ``None`` without one."""
    if told is None:
        return None
    day, time = child(told, "Date"), child(told, "Time")
    parts = [said(day, name) for name in ("Year", "Month", "Day")]
    clock = [said(time, name) for name in ("Hour", "Minute", "Second")]
    return Label.read(f"{'-'.join(parts)}T{':'.join(clock)}Z")


def of_channel(recordings: Iterable[Recording], channel: str) -> list[Recording]:
    """Those of the camera that ``channel`` names: its source's id or name, or a recording's token.

    Raises `RefusedError` when there is none, `UnreadableError` when it could be several: two
    cameras taken for one would prove what neither holds.
    """
    every = list(recordings)
    ways = [
        [each for each in every if each.token == channel],
        [each for each in every if each.source_id == channel],
        [each for each in every if each.name == channel],
    ]
    found = [way for way in ways if way] if channel else []
    if not found:
        raise RefusedError(f"no recording of a source {channel[:60]!r}")
    if any(way != found[0] for way in found):
        raise UnreadableError(f"{channel[:60]!r} names several recordings, of different sources")
    if len({(each.source_id, each.name) for each in found[0]}) > 1:
        raise UnreadableError(
            f"several sources are called {channel[:60]!r}: name the recording by its token"
        )
    return found[0]


_BOOLEAN: Final = {"true": True, "1": True, "false": False, "0": False}


def read_label(text: str) -> Label:
    """A time: UTC by the standard, whether it is written with a zone or without.

    Raises `UnreadableError`.
    """
    label = Label.read(text)
    return label if label.suffix else Label(label.wall, "Z")


def _label_or_none(text: str) -> Label | None:
    return read_label(text) if text else None
