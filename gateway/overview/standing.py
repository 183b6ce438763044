"""How each school stands: what is open there, and whether anybody can tell that it is well. Pure.

A school is *in trouble* while an alert is open there, *unknown* while too little is known to call
it well, else *well*. An alert that is put aside (shelved, hidden by maintenance) is no trouble;
an emergency is never put aside.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

import msgspec

from alerts.alert import Alert
from alerts.finding import Priority
from devices.police_link.states import LinkState
from gateway.overview.census import SchoolCensus, Tally

CAMERA: Final = "camera"
RECORDER: Final = "recorder"
MOSTLY: Final = 0.5
"""From this share of unknown devices on nobody can call a school well. Default of ours."""

_EMERGENCY: Final = Priority.EMERGENCY
_WORST: Final = (LinkState.DOWN, LinkState.DEGRADED, LinkState.UNVERIFIED, LinkState.UP)


class Doubt(StrEnum):
    """Why nobody can tell whether a school is well (words: ``page.overview.doubt.{doubt}``)."""

    NO_DEVICES = "no_devices"  # nothing is registered that could tell
    NOT_HEARD = "not_heard"  # no device was heard since the gateway's start
    MOSTLY_UNKNOWN = "mostly_unknown"  # of half of its devices and more
    LINK_UNVERIFIED = "link_unverified"  # nobody has proven that the police can be reached


class Standing(msgspec.Struct, frozen=True):
    """Open alerts by priority, the most urgent first, and those that nobody has acknowledged.

    ``since`` (ms) is when the oldest of the most urgent ones that wait last occurred.
    """

    open: tuple[int, ...] = (0,) * len(Priority)
    unacknowledged: tuple[int, ...] = (0,) * len(Priority)
    since: int | None = None

    @property
    def any(self) -> bool:
        """Whether anything is open."""
        return any(self.open)

    @property
    def worst(self) -> Priority | None:
        """The most urgent that is open."""
        return _most_urgent(self.open)

    @property
    def waiting(self) -> Priority | None:
        """The most urgent that waits to be acknowledged."""
        return _most_urgent(self.unacknowledged)


def _most_urgent(counts: tuple[int, ...]) -> Priority | None:
    return next((Priority(place) for place, count in enumerate(counts, 1) if count), None)


class SchoolView(msgspec.Struct, frozen=True, kw_only=True):
    """One school. ``police`` is the worst of its links, ``None`` without one; ``flood`` is how many
    alerts came since it is flooded, ``None`` while it is not.
    """

    school: str
    standing: Standing
    devices: Tally
    cameras: Tally
    recorders: Tally
    heard: int | None
    police: LinkState | None
    maintenances: int
    flood: int | None

    @property
    def doubt(self) -> Doubt | None:
        """Why nobody can call it well, even without an alert; ``None``: nothing speaks against."""
        watched = self.devices.all - self.devices.aside
        unknown = self.devices.unknown - self.devices.aside
        if not self.devices.all:
            return Doubt.NO_DEVICES
        if self.heard is None:
            return Doubt.NOT_HEARD
        if watched and unknown >= MOSTLY * watched:
            return Doubt.MOSTLY_UNKNOWN
        return Doubt.LINK_UNVERIFIED if self.police is LinkState.UNVERIFIED else None


NOTHING_OPEN: Final = Standing()


def standings(alerts: Iterable[Alert]) -> dict[str, Standing]:
    """What is open in each school; under ``""`` what is open of the gateway itself."""
    found: dict[str, _Count] = {}
    for alert in alerts:
        priority = alert.priority
        if (alert.suppressed or alert.shelved_until is not None) and priority is not _EMERGENCY:
            continue
        count = found.get(alert.school)
        if count is None:
            count = found[alert.school] = _Count()
        count.open[priority] += 1
        if alert.acknowledged is None:
            count.unacknowledged[priority] += 1
            since = alert.last_occurrence or alert.raised
            if priority < count.waiting or (priority == count.waiting and since < count.since):
                count.waiting, count.since = priority, since
    return {school: count.standing() for school, count in found.items()}


class _Count:
    """Lists by priority: an enumeration as a key would take most of the time."""

    __slots__ = ("open", "since", "unacknowledged", "waiting")

    def __init__(self) -> None:
        self.open = [0] * (len(Priority) + 1)
        self.unacknowledged = [0] * (len(Priority) + 1)
        self.waiting: int = len(Priority) + 1
        self.since = 0

    def standing(self) -> Standing:
        since = self.since if self.waiting <= len(Priority) else None
        return Standing(tuple(self.open[1:]), tuple(self.unacknowledged[1:]), since)


def worst_link(states: Iterable[LinkState]) -> LinkState | None:
    """The worst of a school's links; ``None`` without one."""
    found = set(states)
    return next((state for state in _WORST if state in found), None)


def view_of(
    school: str,
    *,
    standing: Standing | None,
    census: SchoolCensus | None,
    links: Iterable[LinkState],
    maintenances: int,
    flood: int | None,
) -> SchoolView:
    """Put together what is known of one school."""
    census = census or SchoolCensus({}, None)
    return SchoolView(
        school=school,
        standing=standing or NOTHING_OPEN,
        devices=census.all,
        cameras=census.kinds.get(CAMERA) or Tally(),
        recorders=census.kinds.get(RECORDER) or Tally(),
        heard=census.heard,
        police=worst_link(links),
        maintenances=maintenances,
        flood=flood,
    )
