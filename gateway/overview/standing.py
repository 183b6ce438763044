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

_WORST: Final = (LinkState.DOWN, LinkState.DEGRADED, LinkState.UNVERIFIED, LinkState.UP)


class Doubt(StrEnum):
    """Why nobody can tell whether a school is well (words: ``page.overview.doubt.{doubt}``)."""

    NO_DEVICES = "no_devices"  # nothing is registered that could tell
    NOT_HEARD = "not_heard"  # no device was heard since the gateway's start
    MOSTLY_UNKNOWN = "mostly_unknown"  # of half of its devices and more
    LINK_UNVERIFIED = "link_unverified"  # nobody has proven that the police can be reached


class Standing(msgspec.Struct):
    """Open alerts by priority, and those of them that nobody has acknowledged.

    ``since`` (ms) is when the oldest of the most urgent ones that wait last occurred.
    """

    open: dict[Priority, int] = msgspec.field(default_factory=dict)
    unacknowledged: dict[Priority, int] = msgspec.field(default_factory=dict)
    since: int | None = None

    @property
    def worst(self) -> Priority | None:
        """The most urgent that is open."""
        return min(self.open, default=None)

    @property
    def waiting(self) -> Priority | None:
        """The most urgent that waits to be acknowledged."""
        return min(self.unacknowledged, default=None)


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
    found: dict[str, Standing] = {}
    for alert in alerts:
        if (alert.shelved_until is not None or alert.suppressed) and not alert.emergency:
            continue
        standing = found.get(alert.school)
        if standing is None:
            standing = found[alert.school] = Standing()
        priority = alert.priority
        standing.open[priority] = standing.open.get(priority, 0) + 1
        if alert.acknowledged is None:
            _wait(standing, priority, alert.last_occurrence or alert.raised)
    return found


def _wait(standing: Standing, priority: Priority, since: int) -> None:
    before = standing.waiting
    if before is None or priority < before or standing.since is None:
        standing.since = since
    elif priority == before:
        standing.since = min(standing.since, since)
    standing.unacknowledged[priority] = standing.unacknowledged.get(priority, 0) + 1


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
