"""Whom an alert without a scope keeps from being heard: all behind a repeater, or the broker."""

from __future__ import annotations

from collections.abc import Sequence

from alerts.alert import Alert
from alerts.rules.gateway_health import FEED_LOST, FEED_STALLED
from devices.model import Device
from gateway.pipeline.roster import GATEWAY, Roster
from gateway.pipeline.signs import WATCHED


def silenced_by(alert: Alert, roster: Roster) -> Sequence[Device]:
    """Devices behind a repeater that is silent itself, or all of them while the broker is."""
    if not alert.active or alert.scope:
        return ()
    if alert.device == GATEWAY.row:
        return tuple(roster.devices()) if _of_the_broker(alert) else ()
    device = roster.device(alert.device)
    if device is None or alert.condition not in WATCHED:
        return ()
    return tuple(one for one in roster.behind(device) if one.row != device.row)


def count_of(alert: Alert, roster: Roster) -> int:
    """How many devices an alert keeps from being heard; of one with a scope, its victims."""
    if alert.scope or not alert.active:
        return alert.victims
    if _of_the_broker(alert):
        return len(roster)
    return len(silenced_by(alert, roster))


def _of_the_broker(alert: Alert) -> bool:
    return alert.device == GATEWAY.row and alert.condition in {FEED_LOST, FEED_STALLED}
