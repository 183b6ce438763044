"""Whether a recorder is linked to the police's video platform, and what that rests on.

Its registration with us proves nothing about its registration with them. Only a report of the
recorder itself measures it; without one a person has to attest it. What somebody saw on the
recorder's own page and entered is their word: shown with its age, and no measurement.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

VALUE: Final = "police_registered"
"""The value of a recorder in which it reports that: true or false."""

REPORT_LASTS_MS: Final = 24 * 3_600_000
"""A report that was not renewed for a day tells nothing about now. Default of ours."""


STATEMENT_LASTS_MS: Final = 31 * 24 * 3_600_000
"""What somebody saw a month ago has to be looked at anew. Default of ours."""


class Basis(StrEnum):
    """What is known of the link rests on this."""

    REPORTED = "reported"
    """The recorder itself reports whether it is registered."""
    ATTESTED = "attested"
    """It is there and reports nothing of the kind: a person has to answer for it."""
    UNKNOWN = "unknown"
    """It is not there, or reported once and does so no longer."""


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody (``by``, a user's name) read on the recorder's own page ``at`` (ms UTC), and
    where: ``reason``.
    """

    registered: bool
    at: int
    by: str
    reason: str

    def stands(self, now: int) -> bool:
        """Whether it still says something about now."""
        return now - self.at <= STATEMENT_LASTS_MS


class PoliceReport(msgspec.Struct, frozen=True, kw_only=True):
    """What is known. ``registered`` is `None` unless it is reported; ``at`` (ms UTC): when that was
    reported last, also of a report that is too old to count. ``stated``: what a person entered
    last; it changes no basis.
    """

    basis: Basis
    registered: bool | None = None
    at: int | None = None
    stated: Statement | None = None


def police_report(
    said: bool | None,
    at: int | None,
    *,
    answers: bool | None,
    now: int,
    stated: Statement | None = None,
) -> PoliceReport:
    """What follows from the newest report (``said``, ``at`` in ms), the newest statement, and
    whether the recorder ``answers`` at present; ``None``: nobody has looked yet.
    """
    if said is not None and at is not None:
        if now - at <= REPORT_LASTS_MS:
            return PoliceReport(basis=Basis.REPORTED, registered=said, at=at, stated=stated)
        return PoliceReport(basis=Basis.UNKNOWN, at=at, stated=stated)
    return PoliceReport(basis=Basis.ATTESTED if answers else Basis.UNKNOWN, stated=stated)
