"""What came of playing a moment that a recorder says it holds."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from devices.recording.source import RecordingError, Trouble


class Outcome(StrEnum):
    """What a sample shows."""

    PLAYED = "played"
    """A picture of the moment was decoded."""
    UNPLAYABLE = "unplayable"
    """The recorder lists it and answers, but what it gives is no picture of that moment."""
    UNDECIDED = "undecided"
    """It refused, was away or too slow: that says nothing about the recording."""
    NOTHING = "nothing"
    """Of what is required nothing is recorded that could be played."""
    IMPOSSIBLE = "impossible"
    """What it speaks for playing, we do not."""


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one moment. All times in ms UTC by the recorder's clock.

    ``decoded`` is when the picture is from: as the recorder or the file tells it, else as it was
    asked for. Without one, ``trouble`` and ``detail`` (in English, without credentials) say why.
    """

    outcome: Outcome
    wanted: int | None = None
    decoded: int | None = None
    width: int = 0
    height: int = 0
    trouble: Trouble | None = None
    detail: str = ""

    @classmethod
    def asked_in_vain(cls, wanted: int, trouble: Trouble, detail: str) -> Sample:
        """It did not come to playing."""
        unsupported = trouble is Trouble.UNSUPPORTED
        outcome = Outcome.IMPOSSIBLE if unsupported else Outcome.UNDECIDED
        return cls(outcome=outcome, wanted=wanted, trouble=trouble, detail=detail[:300])

    @classmethod
    def played_in_vain(cls, wanted: int, error: RecordingError) -> Sample:
        """It was to be played, and no picture came of it."""
        if error.trouble in (Trouble.INCOMPLETE, Trouble.UNREADABLE):
            told = str(error)[:300]
            outcome = Outcome.UNPLAYABLE
            return cls(outcome=outcome, wanted=wanted, trouble=error.trouble, detail=told)
        return cls.asked_in_vain(wanted, error.trouble, str(error))


NOT_POSSIBLE: Final = Sample(outcome=Outcome.IMPOSSIBLE, trouble=Trouble.UNSUPPORTED)
"""Of a kind of recorder that cannot be had to play."""


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """The newest sample of a camera, taken ``at`` (ms UTC by our clock).

    ``played_at``: when one was played last, be it this one; ``None`` = never yet. ``unplayable``:
    the newest that could not be played, until one is: whoever does not answer clears no doubt.
    """

    at: int
    sample: Sample
    played_at: int | None = None
    unplayable: Sample | None = None

    @classmethod
    def of(cls, sample: Sample, at: int, before: Proof | None) -> Proof:
        """With a new sample after what was ``before``."""
        played_at = None if before is None else before.played_at
        doubt = None if before is None else before.unplayable
        match sample.outcome:
            case Outcome.PLAYED:
                return cls(at=at, sample=sample, played_at=at)
            case Outcome.UNPLAYABLE:
                return cls(at=at, sample=sample, played_at=played_at, unplayable=sample)
            case Outcome.UNDECIDED:
                return cls(at=at, sample=sample, played_at=played_at, unplayable=doubt)
            case Outcome.NOTHING | Outcome.IMPOSSIBLE:
                return cls(at=at, sample=sample, played_at=played_at)
