"""What is known of the recordings of one camera: folded together from answers, a value."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from devices.recording.intervals import EMPTY, Intervals
from devices.recording.local_time import DAY_MS
from devices.recording.source import Answer, DeviceTime, Flag, Segment, Span, Trouble

JOIN_MS: Final = 2000
"""Recorders tell whole seconds: of two files that follow each other, one may end a second before
the next one begins, and each end be rounded."""

MOST_EDGES: Final = 60
"""So many days are remembered of how far the recorder reached back."""


class Failure(msgspec.Struct, frozen=True, gc=False):
    """A span of which nothing is known although it was asked for; the newest reason (ms UTC)."""

    begin: int
    end: int
    trouble: Trouble
    detail: str
    at: int


class Edge(msgspec.Struct, frozen=True, gc=False):
    """How far the recorder reached back when it was asked ``at`` (ms UTC).

    ``censored``: to the begin of all that was asked for; it may hold more.
    """

    at: int
    oldest: int
    censored: bool


class Holdings(msgspec.Struct, frozen=True, kw_only=True):
    """What one camera's recorder holds, as far as it said so.

    ``ordinary`` is what the recorder overwrites in its turn, ``locked`` what it keeps. ``known``
    are the spans that were answered completely: where nothing is recorded there, nothing is.
    ``failures`` are those that were asked for since, in vain; together with ``known`` they do not
    overlap. ``estimated`` is what of all this rests on ends that are concluded and not told
    (`Flag.ESTIMATED`). All in ms UTC by the recorder's clock.
    """

    ordinary: Intervals = EMPTY
    locked: Intervals = EMPTY
    known: Intervals = EMPTY
    failures: tuple[Failure, ...] = ()
    clock: DeviceTime | None = None
    edges: tuple[Edge, ...] = ()
    estimated: Intervals = EMPTY

    @property
    def playable(self) -> Intervals:
        """All that can be played, locked or not."""
        return self.ordinary | self.locked

    @property
    def looked_until(self) -> int | None:
        """Up to when (ms UTC) anything was asked for; ``None`` = never."""
        ends = [failure.end for failure in self.failures]
        if self.known.last is not None:
            ends.append(self.known.last)
        return max(ends, default=None)

    def taken(self, answer: Answer, at: int) -> Holdings:
        """With an answer that came ``at`` (ms UTC).

        A complete one takes the place of all that was known of its span. Any other leaves nothing
        of it: what was there yesterday may be overwritten, so the span is unknown.
        """
        begin, end = answer.span.begin, min(answer.span.end, at)
        if begin >= end:
            return self  # what has not happened yet, nobody knows
        failures = _cut(self.failures, begin, end)
        if not answer.complete:
            failures = _with(failures, _failure(answer, begin, end, at))
            return msgspec.structs.replace(
                self,
                ordinary=self.ordinary.without(begin, end),
                locked=self.locked.without(begin, end),
                known=self.known.without(begin, end),
                estimated=self.estimated.without(begin, end),
                failures=failures,
            )
        ordinary = _joined(s for s in answer.segments if not s.flags & Flag.LOCKED)
        locked = _joined(s for s in answer.segments if s.flags & Flag.LOCKED)
        estimated = _joined(s for s in answer.segments if s.flags & Flag.ESTIMATED)
        return msgspec.structs.replace(
            self,
            ordinary=self.ordinary.replaced(begin, end, ordinary, join=JOIN_MS),
            locked=self.locked.replaced(begin, end, locked, join=JOIN_MS),
            known=self.known.replaced(begin, end, Intervals(((begin, end),))),
            estimated=self.estimated.replaced(begin, end, estimated, join=JOIN_MS),
            failures=failures,
        )

    def since(self, begin: int) -> Holdings:
        """Without what lies before ``begin`` (ms UTC)."""
        firsts = [each.first for each in (self.known, self.locked)]
        firsts += [failure.begin for failure in self.failures]
        if all(first is None or first >= begin for first in firsts):
            return self
        return msgspec.structs.replace(
            self,
            ordinary=self.ordinary.without(0, begin),
            locked=self.locked.without(0, begin),
            known=self.known.without(0, begin),
            estimated=self.estimated.without(0, begin),
            failures=_cut(self.failures, 0, begin),
        )

    def doubting(self, moment: int) -> Holdings:
        """As it is, but the days around ``moment`` (ms UTC) are asked for again the next time."""
        known = self.known.without(moment - DAY_MS, moment + DAY_MS)
        return msgspec.structs.replace(self, known=known)

    def timed(self, clock: DeviceTime | None) -> Holdings:
        """With what the recorder's clock showed."""
        return msgspec.structs.replace(self, clock=clock)

    def remembering(self, edge: Edge) -> Holdings:
        """With how far the recorder reaches back today: one of them in any 20 hours."""
        kept = self.edges
        if kept and edge.at - kept[-1].at < 20 * 3_600_000:
            kept = kept[:-1]
        return msgspec.structs.replace(self, edges=(*kept, edge)[-MOST_EDGES:])

    def to_bytes(self) -> bytes:
        """For the store."""
        return _ENCODER.encode(self)

    @staticmethod
    def from_bytes(data: bytes) -> Holdings:
        """What `to_bytes` gave. Raises ``ValueError`` when it is nothing of the kind."""
        return _DECODER.decode(data)


def _joined(segments: Iterable[Segment]) -> Intervals:
    return Intervals(((one.begin, one.end) for one in segments), join=JOIN_MS)


def _failure(answer: Answer, begin: int, end: int, at: int) -> Failure:
    return Failure(begin, end, answer.trouble or Trouble.INCOMPLETE, answer.detail, at)


def _cut(failures: tuple[Failure, ...], begin: int, end: int) -> tuple[Failure, ...]:
    left: list[Failure] = []
    for failure in failures:
        if failure.begin < begin:
            left.append(msgspec.structs.replace(failure, end=min(failure.end, begin)))
        if failure.end > end:
            left.append(msgspec.structs.replace(failure, begin=max(failure.begin, end)))
    return tuple(left)


def _with(failures: tuple[Failure, ...], failure: Failure) -> tuple[Failure, ...]:
    """In order; one of those that touch and fail alike, so that 90 days away are not 90 of them."""
    made: list[Failure] = []
    for each in sorted((*failures, failure), key=lambda one: one.begin):
        if made and made[-1].end == each.begin and made[-1].trouble is each.trouble:
            newer = max(made[-1], each, key=lambda one: one.at)
            made[-1] = msgspec.structs.replace(newer, begin=made[-1].begin, end=each.end)
        else:
            made.append(each)
    return tuple(made)


def unknown_within(holdings: Holdings, span: Span) -> tuple[tuple[Span, Failure | None], ...]:
    """What of ``span`` nothing is known of, piece by piece, and why; ``None`` = never asked for."""
    pieces: list[tuple[Span, Failure | None]] = []
    for begin, end in holdings.known.holes(span.begin, span.end):
        at = begin
        for failure in holdings.failures:
            low, high = max(failure.begin, at), min(failure.end, end)
            if low >= high:
                continue
            if at < low:
                pieces.append((Span(at, low), None))
            pieces.append((Span(low, high), failure))
            at = high
        if at < end:
            pieces.append((Span(at, end), None))
    return tuple(pieces)


def _encode(value: Any) -> bytes:
    if isinstance(value, Intervals):
        return value.to_bytes()
    raise TypeError(f"{type(value).__name__} is not kept")


def _decode(kind: type, value: Any) -> Any:
    if kind is Intervals:
        return Intervals.from_bytes(value)
    raise TypeError(f"{kind.__name__} is not kept")


_ENCODER: Final = msgspec.msgpack.Encoder(enc_hook=_encode)
_DECODER: Final = msgspec.msgpack.Decoder(Holdings, dec_hook=_decode)
