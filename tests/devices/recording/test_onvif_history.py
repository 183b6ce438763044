"""From events of tracks to what can be played: right, or an error; never something in between."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.recording.intervals import Intervals
from devices.recording.isapi_time import Calibration
from devices.recording.local_time import FixedZone
from devices.recording.onvif_answers import Recording, Track, TrackState
from devices.recording.onvif_history import playable
from devices.recording.source import RecordingError, Span
from devices.recording.written_time import Label, ZMeans

BY_UTC = Calibration(FixedZone(8 * 3_600_000), ZMeans.UTC, proven=True)
DAY = datetime.fromisoformat("2026-11-20T00:00")
MINUTE = 60_000
MIDNIGHT = round(DAY.replace(tzinfo=UTC).timestamp() * 1000)


def label(minute: int) -> Label:
    return Label(DAY + timedelta(minutes=minute), "Z")


def one_track(pieces: list[tuple[int, int]]) -> list[Recording]:
    track = Track("v", label(pieces[0][0]), label(pieces[-1][1]))
    return [Recording("r", "urn:gate", "Gate", True, None, None, (track,))]


def events(pieces: list[tuple[int, int]], begin: int, end: int) -> list[TrackState]:
    at_start = any(low <= begin < high for low, high in pieces)
    changes = [
        TrackState("r", "v", label(at), present, False)
        for piece in pieces
        for at, present in zip(piece, (True, False), strict=True)
        if begin < at < end
    ]
    return [TrackState("r", "v", label(begin), at_start, True), *changes]


def covered(states: list[TrackState], pieces: list[tuple[int, int]], span: Span) -> Intervals:
    found = playable(states, one_track(pieces), span, BY_UTC, span.end + 10**9)
    return Intervals((each.begin, each.end) for each in found)


# Minutes, at least five apart: an edge that is a minute off is taken for the same.
_PIECES = (
    st.lists(st.integers(0, 280), min_size=2, max_size=20, unique=True)
    .map(lambda steps: [5 * step for step in sorted(steps)])
    .map(lambda edges: list(zip(edges[::2], edges[1::2], strict=False)))
)
_SPAN = st.tuples(st.integers(-10, 290), st.integers(1, 300)).map(
    lambda drawn: (5 * drawn[0], 5 * (drawn[0] + drawn[1]))
)


@given(pieces=_PIECES, bounds=_SPAN)
def test_what_is_told_is_what_is_played(
    pieces: list[tuple[int, int]], bounds: tuple[int, int]
) -> None:
    span = Span(MIDNIGHT + bounds[0] * MINUTE, MIDNIGHT + bounds[1] * MINUTE)
    found = covered(events(pieces, *bounds), pieces, span)
    recorded = Intervals((MIDNIGHT + a * MINUTE, MIDNIGHT + b * MINUTE) for a, b in pieces)
    assert found == recorded.within(span.begin, span.end)


@given(pieces=_PIECES, bounds=_SPAN, data=st.data())
def test_with_an_event_missing_or_twice_it_is_right_or_an_error(
    pieces: list[tuple[int, int]], bounds: tuple[int, int], data: st.DataObject
) -> None:
    span = Span(MIDNIGHT + bounds[0] * MINUTE, MIDNIGHT + bounds[1] * MINUTE)
    states = events(pieces, *bounds)
    place = data.draw(st.integers(0, len(states) - 1))
    # That the very last one is missing, nothing that comes after can tell.
    twice = place == len(states) - 1 or data.draw(st.booleans())
    states[place : place + 1] = [states[place]] * (2 * twice)
    recorded = Intervals((MIDNIGHT + a * MINUTE, MIDNIGHT + b * MINUTE) for a, b in pieces)
    try:
        found = covered(states, pieces, span)
    except RecordingError:
        assert not twice, "an event that is told twice tells nothing else"
        return
    assert found == recorded.within(span.begin, span.end)


def test_an_end_without_a_begin_is_no_history() -> None:
    pieces = [(100, 200), (300, 400)]
    states = events(pieces, 0, 500)
    del states[3]  # the second begin
    with pytest.raises(RecordingError, match="once more"):
        covered(states, pieces, Span(MIDNIGHT, MIDNIGHT + 500 * MINUTE))
