"""Whom an alert without a scope keeps from being heard: all behind a repeater, or the broker; or
seen to, as the cameras of a recorder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from alerts.alert import Alert
from alerts.recorders import AWAY
from alerts.rules.gateway_health import FEED_LOST, FEED_STALLED
from devices.model import Device
from gateway.pipeline.roster import GATEWAY, Roster
from gateway.pipeline.signs import WATCHED

Recorded: TypeAlias = "Mapping[tuple[str, str], Sequence[str]]"
"""The ids of the cameras of each recorder, by its school and id."""

_NOBODY: Final[Recorded] = {}


def silenced_by(alert: Alert, roster: Roster, recorded: Recorded = _NOBODY) -> Sequence[Device]:
    """Devices behind a repeater that is silent itself, or all of them while the broker is; the
    cameras of a recorder that cannot be asked.
    """
    if not alert.active or alert.scope:
        return ()
    if alert.device == GATEWAY.row:
        return tuple(roster.devices()) if _of_the_broker(alert) else ()
    device = roster.device(alert.device)
    if device is None:
        return ()
    if alert.condition in AWAY:
        cameras = (roster.named(device.school, one) for one in recorded.get(device.key, ()))
        return tuple(one for one in cameras if one is not None)
    if alert.condition not in WATCHED:
        return ()
    return tuple(one for one in roster.behind(device) if one.row != device.row)


def count_of(alert: Alert, roster: Roster, recorded: Recorded = _NOBODY) -> int:
    """How many devices an alert keeps from being heard; of one with a scope, its victims."""
    if alert.scope or not alert.active:
        return alert.victims
    if _of_the_broker(alert):
        return len(roster)
    return len(silenced_by(alert, roster, recorded))


def _of_the_broker(alert: Alert) -> bool:
    return alert.device == GATEWAY.row and alert.condition in {FEED_LOST, FEED_STALLED}
