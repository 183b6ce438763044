"""What any recorder is asked, and what it answers: segments of one channel in one span of time.

A recorder that is refused, away, slow, garbled or half-way silent proves nothing. Whatever it was,
the span that was asked for is then *unknown*: never taken for recorded, and never for missing.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntFlag, StrEnum
from typing import ClassVar, Final, Protocol

import msgspec


class Trouble(StrEnum):
    """Why an answer proves nothing."""

    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    TIMED_OUT = "timed_out"
    UNREADABLE = "unreadable"
    INCOMPLETE = "incomplete"
    UNSUPPORTED = "unsupported"


class RecordingError(Exception):
    """A recorder was asked, and what came of it proves nothing. Says of whom, what and why."""

    trouble: ClassVar[Trouble]


class RefusedError(RecordingError):
    """It answered, and said no: wrong password, no permission, no such channel."""

    trouble = Trouble.REFUSED


class UnreachableError(RecordingError):
    """No connection came about, or the folder is not there."""

    trouble = Trouble.UNREACHABLE


class TimedOutError(RecordingError):
    """It did not answer within the limit, or stopped half way."""

    trouble = Trouble.TIMED_OUT


class UnreadableError(RecordingError):
    """It answered something that cannot be what was asked for."""

    trouble = Trouble.UNREADABLE


class IncompleteError(RecordingError):
    """Its answer broke off, or says itself that there is more than it gives."""

    trouble = Trouble.INCOMPLETE


class UnsupportedError(RecordingError):
    """What it speaks there, we do not: a codec, an authentication, a way of playing."""

    trouble = Trouble.UNSUPPORTED


_ERRORS: Final[dict[Trouble, type[RecordingError]]] = {
    each.trouble: each
    for each in (
        RefusedError,
        UnreachableError,
        TimedOutError,
        UnreadableError,
        IncompleteError,
        UnsupportedError,
    )
}


def error_of(trouble: Trouble, detail: str) -> RecordingError:
    """The error that stands for it, as another process told it."""
    return _ERRORS[trouble](detail)


class Flag(IntFlag):
    """What a recorder says of a segment, as far as it matters here."""

    NONE = 0
    LOCKED = 1
    """Kept from being overwritten: it does not show how far the recorder reaches back."""
    ESTIMATED = 2
    """Its end is concluded, not told: from the file's last change or the next one's begin."""


class Segment(msgspec.Struct, frozen=True, gc=False):
    """A piece that can be played: ``begin`` up to ``end`` (ms UTC, by the recorder's clock).

    ``handle`` is how its recorder calls it (a path, a playback URI; without credentials), for
    fetching a sample. ``size`` in bytes.
    """

    begin: int
    end: int
    flags: Flag = Flag.NONE
    handle: str = ""
    size: int | None = None


class Span(msgspec.Struct, frozen=True, gc=False, order=True):
    """From ``begin`` up to ``end`` (ms UTC), not empty."""

    begin: int
    end: int

    def __post_init__(self) -> None:
        if self.begin >= self.end:
            raise ValueError(f"a span ends after its begin, not {self.begin} to {self.end}")


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came of asking for ``span``.

    With a ``trouble``, ``segments`` are what had come until then, for a person to look at; nothing
    is concluded from them. ``detail`` is the recorder's or the network's own words, in English.
    """

    span: Span
    segments: tuple[Segment, ...] = ()
    trouble: Trouble | None = None
    detail: str = ""

    @property
    def complete(self) -> bool:
        """Whether everything that the recorder holds of the span is in ``segments``."""
        return self.trouble is None

    @classmethod
    def failed(cls, span: Span, error: RecordingError, segments: Iterable[Segment] = ()) -> Answer:
        """The answer that an error stands for."""
        return cls(
            span=span, segments=tuple(segments), trouble=error.trouble, detail=str(error)[:300]
        )


class DeviceTime(msgspec.Struct, frozen=True, gc=False):
    """A recorder's clock (``told``) when ours was ``asked`` in the middle of the exchange (ms UTC).

    ``uncertain`` (ms, ±): half of the round trip, and the recorder's rounding.
    """

    asked: int
    told: int
    uncertain: int = 0

    @property
    def drift(self) -> int:
        """ms by which the recorder's clock is fast; 0 within what is uncertain."""
        drift = self.told - self.asked
        return 0 if abs(drift) <= self.uncertain else drift


class RecordingSource(Protocol):
    """A recorder, or what stands for one. Calls of one source may overlap; it puts them in order.

    Every call has its time limit inside. Cancelling one leaves nothing open.
    """

    async def ask(self, channel: str, span: Span) -> Answer:
        """All that it holds of ``channel`` in ``span``. Nothing a recorder does is raised.

        ``channel`` is the recorder's own name for it: a number, an id, a folder. Segments are in
        order of their begin, at most one of each begin and end; they may reach beyond the span.
        """
        ...

    async def clock(self) -> DeviceTime | None:
        """Its clock; ``None`` = it has none to tell. Raises `RecordingError`."""
        ...

    async def aclose(self) -> None:
        """Close what is open."""
        ...
