"""From the events of tracks to what can be played: data from here on, none from there on.

What is told must hold together: the state at the begin, events in order of time, none beyond the
newest data. Where it does not, nothing is concluded.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from devices.recording.isapi_time import LIVE_MS, Calibration
from devices.recording.local_time import FixedZone, Zone, to_local
from devices.recording.onvif_answers import Recording, Track, TrackState
from devices.recording.source import IncompleteError, Segment, Span, UnreadableError
from devices.recording.written_time import Label, ZMeans

NEAR_MS: Final = 60_000
"""The oldest data of a track and the event that tells of it may be so far apart."""

LATE_MS: Final = 600_000
"""So much may have been recorded since a track's newest data was told, or not be told yet."""

_UTC: Final = FixedZone(0)


def calibrated(recordings: Iterable[Recording], zone: Zone, now: int) -> Calibration:
    """What its times mean: UTC by the standard; some mark their local time ``Z``.

    ``now`` (ms UTC) is what its clock shows. The newest data of a recorder that records is of
    now: that proves one or the other. Nothing recorded lately: by the standard, and not proven.
    Raises `UnreadableError` for newest data that is of the future either way.
    """
    known = list(recordings)
    written = [track.end for each in known for track in each.video]
    written += [each.latest for each in known if each.latest is not None]
    utc = [_moment(label, Calibration(zone, ZMeans.UTC, proven=False)) for label in written]
    if not utc:
        return Calibration(zone, ZMeans.UTC, proven=False)
    newest, local_now = max(utc), now + zone.offset_at(now)
    if abs(newest - now) <= LIVE_MS:
        return Calibration(zone, ZMeans.UTC, proven=True)
    if abs(newest - local_now) <= LIVE_MS and (
        local_now > now or any(each.goes_on for each in known)
    ):
        return Calibration(zone, ZMeans.LOCAL, proven=True)
    if newest > now + LIVE_MS:
        raise UnreadableError(
            f"recorded in the future: its newest is of {to_local(_UTC, newest)}, its clock shows "
            f"{to_local(_UTC, now)} UTC; set z_means when it writes local time"
        )
    return Calibration(zone, ZMeans.UTC, proven=False)


class _History(msgspec.Struct):
    """One track on the way through its events. ``state`` None: whether it has data is not known."""

    recording: str
    begin: int
    end: int
    state: bool | None
    since: int
    after: int | None = None
    pieces: list[tuple[int, int]] = msgspec.field(default_factory=list)

    def piece(self, begin: int, end: int) -> None:
        """It had data so long. What was overwritten since, events may still tell of."""
        if end > self.end + LATE_MS:
            raise UnreadableError(f"{self.recording}: data that is newer than its newest")
        begin = max(begin, self.begin)
        if begin < end:
            self.pieces.append((begin, end))


def playable(
    states: Iterable[TrackState],
    recordings: Sequence[Recording],
    span: Span,
    calibration: Calibration,
    now: int,
) -> list[Segment]:
    """What the video tracks of ``recordings`` have in ``span``; ``now`` by the recorder's clock.

    ``states`` in the order in which they were told, from ``span.begin`` or before it. Handles are
    tokens of recordings. Raises `UnreadableError`, `IncompleteError`.
    """
    histories = {
        (each.token, track.token): _begun(each, track, span, calibration)
        for each in recordings
        for track in each.video
    }
    for told in states:
        history = histories.get((told.recording, told.track))
        if history is not None:  # else sound, or a recording that was not asked for
            _take(history, told, span, calibration, now)
    found: dict[tuple[int, int], Segment] = {}
    for history in histories.values():
        _finish(history, span)
        for begin, end in history.pieces:
            found.setdefault((begin, end), Segment(begin, end, handle=history.recording))
    return sorted(found.values(), key=lambda segment: segment.begin)


def _begun(recording: Recording, track: Track, span: Span, calibration: Calibration) -> _History:
    begin, end = _moment(track.begin, calibration), _moment(track.end, calibration)
    if recording.earliest is not None:
        begin = max(begin, _moment(recording.earliest, calibration))
    nothing_yet = begin > span.begin or end < span.begin
    return _History(recording.token, begin, end, False if nothing_yet else None, span.begin)


def _take(
    history: _History, told: TrackState, span: Span, calibration: Calibration, now: int
) -> None:
    at, before = span.begin, history.after
    if not told.at_start:
        at = _moment(told.at, calibration, before)
        if at > now + LATE_MS:
            raise UnreadableError(f"recorded in the future: an event of {told.at.wall}")
        if before is not None and at < before:
            raise UnreadableError(f"events that go back in time: {told.at.wall} after later ones")
        history.after = at
    at = max(at, span.begin)
    if at > span.begin and at != before:
        if history.state is None:
            raise _untold(history)
        if history.state == told.present:
            raise IncompleteError(
                f"{history.recording}: its data {'begins' if told.present else 'ends'} at "
                f"{told.at.wall} once more; what was in between is not told"
            )
    if told.present and not history.state:
        history.since = at
    elif history.state and not told.present:
        history.piece(history.since, at)
    history.state = told.present


def _finish(history: _History, span: Span) -> None:
    if history.state is None:
        raise _untold(history)
    if history.state:
        if history.since > history.end + LATE_MS:
            raise UnreadableError(f"{history.recording}: data that is newer than its newest")
        history.piece(history.since, min(span.end, max(history.end, history.since)))
    if history.begin >= history.end:
        return
    for edge, which in ((history.begin, "oldest"), (history.end, "newest")):
        if span.begin < edge < span.end and not any(
            begin - NEAR_MS <= edge <= end + NEAR_MS for begin, end in history.pieces
        ):
            raise IncompleteError(f"{history.recording}: no event tells of its {which} data")


def _untold(history: _History) -> IncompleteError:
    return IncompleteError(
        f"{history.recording}: whether it had data at the begin of the search is not told"
    )


def _moment(label: Label, calibration: Calibration, after: int | None = None) -> int:
    try:
        return label.moment(calibration.zone, calibration.means, after)
    except OverflowError as error:
        raise UnreadableError(f"no time: {label.wall}") from error
