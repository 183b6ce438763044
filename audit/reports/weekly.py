"""The weekly report (每周安全报告): what it says, and that nothing happened says so, too."""

from __future__ import annotations

from typing import Final

import msgspec

LONGEST: Final = 4_000
"""Signs of what people write into a report."""


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """An item of a policy over all schools of the roster, at the end of the week."""

    policy: str
    item: str
    name_zh: str
    name_en: str = ""
    met: int
    failed: int
    unknown: int

    @property
    def of(self) -> int:
        """How many schools there are."""
        return self.met + self.failed + self.unknown

    @property
    def share(self) -> float | None:
        """Met / all; ``None`` without schools."""
        return self.met / self.of if self.of else None


class EmergencyLine(msgspec.Struct, frozen=True, kw_only=True):
    """One emergency of the week, and whether those above were told in time (ms).

    ``telephone`` and ``written`` are when it was reported, ``None`` = it was not (yet).
    """

    alert: int
    school: str
    condition: str
    raised: int
    false: bool
    telephone_due: int
    written_due: int
    telephone: int | None = None
    written: int | None = None


class WeekFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What the gateway's facts say of a week, for some schools. ``None``: nobody counts it here.

    ``emergencies`` are those that nobody marked false, ``alerts`` all that were raised.
    """

    schools: int
    emergencies: int = 0
    false: int = 0
    alerts: int = 0
    standing: int = 0
    orders_opened: int = 0
    orders_closed: int = 0
    orders_overdue: int = 0
    hazards_found: int | None = None
    hazards_closed: int | None = None
    hazards_open: int | None = None
    hazards_overdue: int | None = None
    rates: tuple[Rate, ...] = ()
    lines: tuple[EmergencyLine, ...] = ()
    more: int = 0
    """Emergencies that are counted and not listed."""

    @property
    def nothing(self) -> bool:
        """Whether it is a zero report (零报告): no emergency, and no hazard found."""
        return self.emergencies == 0 and not self.hazards_found


class Signing(msgspec.Struct, frozen=True, kw_only=True):
    """That a person answers for a report: the first, or a correction (``reason``)."""

    by: str
    at: int
    text: str = ""
    reason: str = ""


class SignedReport(msgspec.Struct, frozen=True, kw_only=True):
    """A report as it was signed. ``figures`` are those of that moment, and stay.

    ``signings`` oldest first: the first decides whether it was in time.
    """

    campaign: str
    kind: str
    period: str
    subject: str
    due: int
    figures: WeekFigures | None
    zero: bool
    signings: tuple[Signing, ...]

    @property
    def signed(self) -> int:
        """When it was signed first."""
        return self.signings[0].at

    @property
    def late(self) -> bool:
        """Whether that was after it was due."""
        return self.signed > self.due
