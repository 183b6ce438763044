"""Times in which faults of a school, a place or a device are expected, and hidden while they last.

Who is about to work on devices says so beforehand: where, why, and until when. It ends by itself,
so that nothing stays hidden because somebody forgot; what is still wrong then shows. It hides
faults only: `alerts.shelving.suppress` leaves emergencies alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from alerts.alert import Refusal

DAY: Final = 86_400_000

LONGEST: Final = 30 * DAY
"""What takes longer is no maintenance: the device is out of service, and somebody says so."""

AHEAD: Final = 366 * DAY
"""How far ahead one may be announced, in ms: a summer holiday is planned a year before."""

MOST: Final = 2_000
"""Maintenances that may stand at a time, over all schools."""

CODE: Final = "maintenance:"
"""How the reason of a transition begins that is due to one; its number follows."""


class Maintenance(msgspec.Struct, frozen=True, kw_only=True):
    """Faults are expected from ``starts`` until ``ends`` (ms), because of ``reason``.

    Of the whole school; with ``place`` of that and all within it; with ``device`` of that alone.
    ``actor`` announced it at ``announced``. ``begun`` and ``ended`` are when that really happened
    (both ``None``: still to come); ``ended_by`` is empty when its time was over, else who ended it
    early, with ``remark``.
    """

    row: int
    school: str
    starts: int
    ends: int
    reason: str
    actor: str
    announced: int
    place: str | None = None
    device: str | None = None
    begun: int | None = None
    ended: int | None = None
    ended_by: str = ""
    remark: str = ""

    @property
    def code(self) -> str:
        """What transitions that are due to it give as their reason."""
        return f"{CODE}{self.row}"

    @property
    def under_way(self) -> bool:
        """Whether it hides anything now."""
        return self.begun is not None and self.ended is None


class Site(msgspec.Struct, frozen=True):
    """Where a fault is: its school, the places around it, the narrowest first, and the device.

    ``device`` is empty for a fault that is not one device's.
    """

    school: str
    places: tuple[str, ...] = ()
    device: str = ""


def covers(maintenance: Maintenance, site: Site) -> bool:
    """Whether the site is a part of what the maintenance is about."""
    if maintenance.school != site.school:
        return False
    if maintenance.device is not None:
        return maintenance.device == site.device
    return maintenance.place is None or maintenance.place in site.places


def covering(maintenances: Iterable[Maintenance], site: Site) -> tuple[Maintenance, ...]:
    """Those under way that cover the site; the one that ends last comes first.

    Its number goes into the record: it is the one that holds on when the others are over.
    """
    found = [one for one in maintenances if one.under_way and covers(one, site)]
    return tuple(sorted(found, key=lambda one: (-one.ends, one.row)))


def announced(wanted: Maintenance, *, standing: int, now: int) -> Maintenance | Refusal:
    """What is to be kept of ``wanted``; ``standing`` is how many there are already.

    It never begins before it was announced: what was told to people is not hidden afterwards.
    """
    starts = max(wanted.starts, now)
    if not wanted.reason.strip():
        return Refusal("text_required", "say it in words")
    if wanted.place is not None and wanted.device is not None:
        return Refusal("maintenance_of_both", "name a place or a device, not both")
    if wanted.ends <= starts:
        return Refusal("maintenance_past", f"{wanted.ends} is not after {starts}")
    if wanted.ends - starts > LONGEST:
        return Refusal("maintenance_too_long", f"at most {LONGEST // DAY} days")
    if starts - now > AHEAD:
        return Refusal("maintenance_too_far", f"at most {AHEAD // DAY} days ahead")
    if standing >= MOST:
        return Refusal("too_many_maintenances", f"{standing} stand already, at most {MOST} may")
    return msgspec.structs.replace(wanted, starts=starts, announced=now)


def begun(maintenance: Maintenance, now: int) -> Maintenance:
    """Its time has come."""
    return msgspec.structs.replace(maintenance, begun=now)


def ended(maintenance: Maintenance, now: int, *, by: str = "", remark: str = "") -> Maintenance:
    """Its time is over, or ``by`` (a user's name) ends it early."""
    return msgspec.structs.replace(maintenance, ended=now, ended_by=by, remark=remark)
